import ArgumentParser

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions",
        abstract: "Writes a script by which a shell completes commands, options, methods, tasks, settings and keys.",
        discussion: """
            Names come from the catalogs and from the store that the line names, at the moment when the key is pressed.

            EXAMPLE
              headstart completions bash > ~/.local/share/bash-completion/completions/headstart
              headstart completions zsh > ~/.zsh/completions/_headstart
              headstart completions fish > ~/.config/fish/completions/headstart.fish
            """)

    @Argument(help: "bash, zsh or fish.", completion: .list(Self.shells), transform: Self.shell)
    var shell: CompletionShell

    private static let shells = CompletionShell.allCases.map(\.rawValue)

    private static func shell(_ name: String) throws -> CompletionShell {
        guard let shell = CompletionShell(rawValue: name) else {
            throw ValidationError("'\(name)' is none of \(shells.joined(separator: ", "))")
        }
        return shell
    }

    func run() throws {
        try Screen.line(Headstart.completionScript(for: shell))
        if shell == .bash { try Screen.line(Self.bashEnding) }
    }

    /// The parser's script puts a space behind every word; behind `lr=` comes the value.
    private static let bashEnding = """
        _headstart_and_value() {
            _headstart "$@"
            [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
        }
        complete -o filenames -F _headstart_and_value headstart
        """
}
