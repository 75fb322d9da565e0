import Experiments
import Files
import Foundation
import Pages

/// What a server adds to the pages of a store.
enum ServerPage {
    /// A page as it is served: with the script that keeps it fresh, and with commands where they may be given.
    static func response(_ page: HTMLPage, at target: RequestTarget, version: String, hasCommands: Bool) -> HTTPResponse
    {
        let commands = hasCommands ? commands(at: target, of: page.sweep) : nil
        let whole = HTMLPage(title: page.title, main: "\(page.main)\(commands)", navigation: page.navigation)
        let head: HTML = """
            <script src="\(LiveScript.address)" data-version="\(version)" defer></script>
            <noscript><meta http-equiv="refresh" content="10"></noscript>
            """
        return html(whole.document(head: head))
    }

    /// A page that says something and goes on to another one.
    static func leading(to page: String, title: String, _ sentence: String) -> HTTPResponse {
        let main: HTML = "<h1>\(title)</h1><p>\(sentence) <a href=\"\(page)\">Go on</a></p>"
        let head: HTML = "<meta http-equiv=\"refresh\" content=\"1; url=\(page)\">"
        return html(HTMLPage(title: title, main: main).document(head: head))
    }

    private static func html(_ document: String) -> HTTPResponse {
        HTTPResponse(type: "text/html; charset=utf-8", Array(document.utf8))
    }

    /// The commands that a page is the place for: a stage's own, and on the first page those for stages that one selects.
    private static func commands(at target: RequestTarget, of sweep: String?) -> HTML? {
        let names = target.path.split(separator: "/")
        if names.first == "stages", names.count == 2 {
            return form("<input type=\"hidden\" name=\"key\" value=\"\(String(names[1]))\">", from: target)
        }
        guard names.isEmpty, let sweep else { return nil }
        let states = StageState.allCases.map { "<option>\($0.rawValue)</option>" as HTML }
        return form(
            """
            <input type="hidden" name="sweep" value="\(sweep)">
            <label>Task <input name="task" size="10"></label>
            <label>Method <input name="method" size="10"></label>
            <label>Seed <input name="seed" size="4" inputmode="numeric"></label>
            <label>State <select name="state"><option value="">any</option>\(states)</select></label>
            <label><input type="checkbox" name="all" value="yes"> all stages of this sweep</label>
            """, from: target)
    }

    private static func form(_ stages: HTML, from target: RequestTarget) -> HTML {
        let buttons = [("pause", "Pause"), ("resume", "Resume"), ("cancel", "Cancel"), ("retry", "Run again")].map {
            "<button formaction=\"/commands/\($0.0)\">\($0.1)</button> " as HTML
        }
        return """
            <section aria-labelledby="commands"><h2 id="commands">Commands</h2>
            <form method="post" action="/commands/pause" data-keep>
            <input type="hidden" name="page" value="\(target.description)">
            \(stages)
            <p>\(buttons)
            <label>Priority <input name="priority" size="3" inputmode="numeric"></label>
            <button formaction="/commands/priority">Set</button></p>
            <output role="status"></output>
            </form></section>
            """
    }
}

/// By which a browser knows that a page's style is ours.
let pageStyle: String = {
    let hex = Array(Digest(of: HTMLPage.style.utf8).hex.utf8)
    let bytes = stride(from: 0, to: hex.count, by: 2).compactMap { place in
        UInt8(String(decoding: hex[place..<(place + 2)], as: UTF8.self), radix: 16)
    }
    return "sha256-\(Data(bytes).base64EncodedString())"
}()
