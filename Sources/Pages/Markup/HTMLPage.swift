/// A page: what it shows, and the document around that.
package struct HTMLPage: Sendable {
    package let title: String
    /// What is replaced in place when something changes: the content of the document's one `main` element.
    package let main: HTML
    /// The links to the other pages; they change as sweeps are added.
    package let navigation: HTML

    /// The sweep whose stages the page shows; nil where they are of its earlier settings, or of none.
    package let sweep: String?

    package init(title: String, main: HTML, navigation: HTML = "", sweep: String? = nil) {
        self.sweep = sweep
        self.title = title
        self.main = main
        self.navigation = navigation
    }

    /// The style of every document, by whose digest a content security policy can let it in.
    package static var style: String { Style.sheet.markup }

    /// The whole document. It is self-contained: its style is inside, and nothing is fetched.
    ///
    /// - Parameter head: what a server adds to its head, such as a script that keeps `main` fresh; without one the page stays
    ///   as it is.
    package func document(head: HTML = "") -> String {
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
            <style>\(Style.sheet)</style>
            \(head)
            </head>
            <body>
            \(header)
            <main id="main" tabindex="-1">
            \(main)
            </main>
            </body>
            </html>

            """
        return page.markup
    }
}
