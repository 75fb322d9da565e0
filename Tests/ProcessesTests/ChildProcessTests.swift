import Foundation
import Processes
import Testing

struct ChildProcessTests {
    @Test func `a program reads all of its input, and all that it writes comes back`() throws {
        let text = String(repeating: "a line\n", count: 200_000)
        let end = try ChildProcess.run(["sh", "-c", "tee /dev/fd/2"], input: Data(text.utf8))
        #expect(end.status == 0)
        #expect(end.output == text)
        #expect(end.errors == text)
    }

    @Test func `whom a program leaves behind nobody waits for`() throws {
        let start = ContinuousClock.now
        let end = try ChildProcess.run(["sh", "-c", "sleep 60 & echo $!"])
        let left = try #require(pid_t(end.output.dropLast()))
        #expect(ContinuousClock.now - start < .seconds(30))
        #expect(kill(left, SIGKILL) == 0)
    }

    @Test func `how a program ended is told by what it returned or by the signal`() throws {
        #expect(try ChildProcess.run(["sh", "-c", "exit 3"], keepsOutput: false).status == 3)
        #expect(try ChildProcess.run(["sh", "-c", "kill -KILL $$"]).status == 128 + SIGKILL)
    }

    @Test func `a program that is not there is named`() throws {
        let error = #expect(throws: CannotStart.self) { try ChildProcess.run(["no-such-program", "--version"]) }
        #expect(error.map { "\($0)" } == "no-such-program: no such file or directory")
        #expect(throws: CannotStart.self) { try ChildProcess(["/no/such/program"]) }
    }

    @Test func `a program hears all signals, leads a group of its own and has three files`() throws {
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let open = dup(STDOUT_FILENO)
        defer { close(open) }
        let script = """
            grep SigBlk /proc/self/status | tr -d '\\t'
            echo $$; cut -d ' ' -f 5 /proc/$$/stat
            for file in 0 1 2 \(open); do [ ! -e /proc/$$/fd/$file ] || echo $file; done
            """
        let lines = try ChildProcess.run(["sh", "-c", script]).output.split(separator: "\n")
        try #require(lines.count > 3)
        #expect(lines[0] == "SigBlk:0000000000000000")
        #expect(lines[1] == lines[2])
        #expect(lines[3...] == ["0", "1", "2"])
    }

    @Test func `both outputs of one beside us come as one, and its number is kept until it is reaped`() throws {
        let child = try ChildProcess(["sh", "-c", "echo $WORD; echo two >&2; exit 4"], environment: ["WORD": "one"])
        #expect(try child.output.readToEnd() == Data("one\ntwo\n".utf8))
        child.waitForEnd()
        #expect(kill(child.identifier, 0) == 0)
        #expect(child.reap() == 4)
        #expect(kill(child.identifier, 0) == -1)
    }
}
