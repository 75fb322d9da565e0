import Experiments
import Foundation
import Reports
import Testing

/// Listings of what is known by name, and the manual.
struct KnownTests {
    @Test func `tasks are listed with kind, classes, metrics and sizes`() throws {
        let one = Sample.task("one", metrics: [.accuracy, .macroF1]).definition
        var number = Sample.task("number", metrics: [.pearson], labels: nil).definition
        number.pair = .name("other")
        let listing = TaskListing([
            .init("one", one, sizes: (250, 56)), .init("number", number),
            .init("wrong", nil, problem: "tasks.yaml:1: no"),
        ])
        #expect(
            listing.text() == """
                task    kind                 classes  metrics             train  dev
                ──────  ───────────────────  ───────  ──────────────────  ─────  ───
                one     classification             2  accuracy, macro-f1    250   56
                number  regression of pairs        –  pearson                 –    –
                wrong   –                          –  –                       –    –

                wrong: tasks.yaml:1: no
                """)
        let json = String(decoding: try JSONEncoder().encode(listing), as: UTF8.self)
        #expect(json.contains(#""train":250"#) && json.contains(#""problem":null"#), "\(json)")
    }

    private static let help = #"""
        {"commandName": "tool", "abstract": "Does -things-.", "subcommands": [
          {"superCommands": ["tool"], "commandName": "make", "abstract": "Makes.",
           "discussion": "It makes.\n\nIt does.\n\nEXAMPLE\n  tool make --to x\\y\n  .done\nSETTINGS, each a word\n  lr  rate",
           "arguments": [
             {"kind": "positional", "shouldDisplay": true, "isOptional": false, "isRepeating": true, "valueName": "what",
              "abstract": "What."},
             {"kind": "option", "shouldDisplay": true, "isOptional": true, "isRepeating": false, "valueName": "folder",
              "names": [{"kind": "long", "name": "to"}], "preferredName": {"kind": "long", "name": "to"},
              "abstract": "Where.", "defaultValue": "."},
             {"kind": "flag", "shouldDisplay": true, "isOptional": true, "isRepeating": false,
              "names": [{"kind": "short", "name": "h"}, {"kind": "long", "name": "help"}],
              "preferredName": {"kind": "long", "name": "help"}, "abstract": "Help."},
             {"kind": "flag", "shouldDisplay": false, "isOptional": true, "isRepeating": false,
              "names": [{"kind": "long", "name": "secret"}], "abstract": "No."}]},
          {"superCommands": ["tool"], "commandName": "help", "abstract": "Helps."}]}
        """#

    @Test func `a manual has a page for each command`() throws {
        let command = try JSONDecoder().decode(CommandHelp.self, from: Data(Self.help.utf8))
        let pages = ManualPage.pages(of: command, version: "1", on: Date(timeIntervalSince1970: 86_400))
        #expect(pages.map(\.name) == ["tool", "tool-make"])
        #expect(pages[0].text.contains(".SH NAME\ntool \\- Does \\-things\\-.\n"))
        #expect(pages[0].text.contains(".SH COMMANDS\n.TP\n.BR tool\\-make (1)\nMakes.\n"), "\(pages[0].text)")
        #expect(
            pages[1].text == #"""
                .TH TOOL-MAKE 1 1970-01-02 "headstart 1" Headstart
                .SH NAME
                tool\-make \- Makes.
                .SH SYNOPSIS
                .B tool make
                \fIwhat\fR ...
                [\fB\-\-to\fR \fIfolder\fR]
                [\fB\-\-help\fR]
                .SH ARGUMENTS
                .TP
                .I what
                What.
                .SH OPTIONS
                .TP
                \fB\-\-to\fR \fIfolder\fR
                Where. (default: .)
                .TP
                \fB\-h\fR, \fB\-\-help\fR
                Help.
                .SH DESCRIPTION
                It makes.
                .PP
                It does.
                .SH EXAMPLE
                .EX
                  tool make \-\-to x\ey
                  .done
                .EE
                .SH SETTINGS
                each a word
                .EX
                  lr  rate
                .EE
                .SH SEE ALSO
                .BR tool (1)

                """#)
    }
}
