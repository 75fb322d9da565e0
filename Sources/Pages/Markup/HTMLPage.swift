/// A page: what it shows, and the document around that.
package struct HTMLPage: Sendable {
    package let title: String
    /// What is replaced in place when something changes: the content of the document's one `main` element.
    package let main: HTML
    /// The links to the other pages; they change as sweeps are added.
    package let navigation: HTML

    package init(title: String, main: HTML, navigation: HTML = "") {
        self.title = title
        self.main = main
        self.navigation = navigation
    }

    /// The whole document. It is self-contained: its style is inside, and nothing is fetched.
    ///
    /// - Parameters:
    ///   - script: JavaScript of the server's own, which keeps `main` fresh; without it the page stays as it is.
    ///   - nonce: what a content security policy lets styles and scripts in by.
    package func document(script: String? = nil, nonce: String? = nil) -> String {
        let nonce = nonce.map { " nonce=\"\($0)\"" as HTML }
        let header: HTML =
            navigation.isEmpty
            ? "" : "<header><a class=\"skip\" href=\"#main\">Skip to the content</a>\(navigation)</header>"
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <link rel="icon" href="data:,">
            <style\(nonce)>\(Style.sheet)</style>
            </head>
            <body>
            \(header)
            <main id="main" tabindex="-1">
            \(main)
            </main>
            \(script.map { "<script\(nonce)>\(HTML(markup: $0))</script>" })
            </body>
            </html>

            """
        return page.markup
    }
}
