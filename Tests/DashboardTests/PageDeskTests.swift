import Dashboard
import Testing

struct PageDeskTests {
    private let start = ContinuousClock.now
    private let page = RequestTarget(path: "/")
    private let other = RequestTarget(path: "/cluster")

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    private func html(_ text: String) -> HTTPResponse { HTTPResponse(type: "text/html", Array(text.utf8)) }

    /// A desk with a copy of the page, made for version a when the test began.
    private func stocked() -> PageDesk {
        var desk = PageDesk()
        _ = desk.ask(for: page, by: 1, at: start)
        _ = desk.looked(.success("a"), at: start)
        _ = desk.made(page, version: "a", html("A"), at: start)
        return desk
    }

    @Test func `a page is made once, however many ask`() {
        var desk = PageDesk()
        #expect(desk.ask(for: page, by: 1, at: start) == [.look])
        #expect(desk.ask(for: page, by: 2, at: start) == [])
        #expect(desk.looked(.success("a"), at: start) == [.tell(version: "a"), .make(page, version: "a")])
        #expect(desk.ask(for: page, by: 3, at: start) == [])
        #expect(desk.ask(for: other, by: 4, at: start) == [.make(other, version: "a")])
        let served = desk.made(page, version: "a", html("A"), at: start)
        #expect(served == [.serve(1, html("A")), .serve(2, html("A")), .serve(3, html("A"))])
        #expect(desk.ask(for: page, by: 5, at: after(900)) == [.serve(5, html("A"))])
    }

    @Test func `a copy holds until a look shows another version`() {
        var desk = stocked()
        #expect(desk.ask(for: page, by: 2, at: after(1000)) == [.look])
        #expect(desk.looked(.success("a"), at: after(1001)) == [.serve(2, html("A"))])
        #expect(desk.ask(for: page, by: 3, at: after(2100)) == [.look])
        #expect(desk.looked(.success("b"), at: after(2101)) == [.tell(version: "b"), .make(page, version: "b")])
        #expect(desk.made(page, version: "b", html("B"), at: after(2102)) == [.serve(3, html("B"))])
    }

    @Test func `while a new copy takes long the older one is served`() {
        var desk = stocked()
        _ = desk.ask(for: page, by: 2, at: after(2000))
        _ = desk.looked(.success("b"), at: after(2000))
        #expect(desk.tick(at: after(2699), isWatched: false) == [])
        #expect(desk.wakesAt(isWatched: false) == after(2700))
        #expect(desk.tick(at: after(2700), isWatched: false) == [.serve(2, html("A"))])
        #expect(desk.made(page, version: "b", html("B"), at: after(9000)) == [], "nobody waits any more")
        _ = desk.ask(for: page, by: 3, at: after(9000))
        #expect(desk.looked(.success("b"), at: after(9001)) == [.serve(3, html("B"))])
    }

    @Test func `while a look takes long the older copy is served`() {
        var desk = stocked()
        #expect(desk.ask(for: page, by: 2, at: after(5000)) == [.look])
        #expect(desk.tick(at: after(5700), isWatched: true) == [.serve(2, html("A"))], "one look at a time")
    }

    @Test func `a version that changes while a page is made does not make it twice`() {
        var desk = PageDesk()
        _ = desk.ask(for: page, by: 1, at: start)
        _ = desk.looked(.success("a"), at: start)
        _ = desk.tick(at: after(1000), isWatched: true)
        #expect(desk.looked(.success("b"), at: after(1001)) == [.tell(version: "b")])
        #expect(desk.ask(for: page, by: 2, at: after(1500)) == [])
        #expect(desk.made(page, version: "a", html("A"), at: after(1600)).count == 2)
        #expect(desk.ask(for: page, by: 3, at: after(1700)) == [.make(page, version: "b")])
    }

    @Test func `without a copy one waits for it, and not for ever`() {
        var desk = PageDesk()
        _ = desk.ask(for: page, by: 1, at: start)
        _ = desk.looked(.success("a"), at: start)
        #expect(desk.tick(at: after(29_999), isWatched: false) == [])
        guard case .serve(1, let response)? = desk.tick(at: after(30_000), isWatched: false).first else {
            Issue.record("nothing was served")
            return
        }
        #expect(response.status == .unavailable && response["Retry-After"] != nil)
    }

    @Test func `those who watch have a look once a second`() {
        var desk = PageDesk()
        #expect(desk.tick(at: start, isWatched: false) == [])
        #expect(desk.tick(at: start, isWatched: true) == [.look])
        #expect(desk.tick(at: after(1), isWatched: true) == [])
        #expect(desk.looked(.success("a"), at: after(10)) == [.tell(version: "a")])
        #expect(desk.wakesAt(isWatched: true) == after(1010))
        #expect(desk.tick(at: after(1009), isWatched: true) == [])
        #expect(desk.tick(at: after(1010), isWatched: true) == [.look])
        #expect(desk.looked(.success("a"), at: after(1020)) == [], "nothing has changed")
        desk.doubt()
        #expect(desk.tick(at: after(1030), isWatched: true) == [.look])
    }

    @Test func `where the store cannot be read everybody who waits is told`() {
        var desk = PageDesk()
        _ = desk.ask(for: page, by: 1, at: start)
        let refusal = Refusal(.unavailable, "No sweep was begun here yet.")
        #expect(desk.looked(.failure(refusal), at: start) == [.serve(1, HTTPResponse(refusal))])
        #expect(desk.ask(for: page, by: 2, at: after(1)) == [.look])
    }

    @Test func `what is no page is asked for anew, and copies have a limit`() {
        var desk = PageDesk(byteLimit: 10)
        _ = desk.ask(for: page, by: 1, at: start)
        _ = desk.looked(.success("a"), at: start)
        _ = desk.made(page, version: "a", HTTPResponse(.notFound, "no"), at: start)
        #expect(desk.ask(for: page, by: 2, at: after(1)) == [.make(page, version: "a")])
        _ = desk.made(page, version: "a", html("123456"), at: after(2))
        _ = desk.ask(for: other, by: 3, at: after(3))
        _ = desk.made(other, version: "a", html("123456"), at: after(3))
        #expect(desk.ask(for: other, by: 4, at: after(4)) == [.serve(4, html("123456"))])
        #expect(desk.ask(for: page, by: 5, at: after(5)) == [.make(page, version: "a")], "it was used longest ago")
    }
}
