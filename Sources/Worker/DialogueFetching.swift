import Experiments
import Files
import Messages

/// What an attempt needs before it can be trained.
extension Dialogue {
    /// Looks on this host for what comes next, or begins to train.
    mutating func look(for download: Download, at now: Duration) {
        guard let assignment else { return }
        if let source = download.sources.first {
            enter(.fetching(download), at: now)
            effects.append(.find(source))
        } else if let next = download.next {
            enter(.fetching(download), at: now)
            effects.append(.resume(next))
        } else {
            tellFetched()
            let files = assignment.inputs.map(\.id) + download.provisions.flatMap { $0.manifest.files.map(\.id) }
            enter(.training(Training(files: files, signAt: now)), at: now)
            effects.append(.train(assignment, download.provisions))
        }
    }

    /// Says in the attempt's log what came over the network since that was said last.
    mutating func tellFetched() {
        guard fetched > 0, let assignment else { return }
        let sentence = "fetched \(fetched) bytes from the coordinator"
        log(.info, sentence, ["stage.id": assignment.stage.short])
        change { $0.news.add(sentence) }
        fetched = 0
    }

    /// Tells of an attempt that the worker leaves without a word what nobody would tell later.
    mutating func tellLast() {
        tellFetched()
        for message in nextNews() { send(message) }
    }

    /// Gives the attempt back: what it needs cannot be had here.
    mutating func giveBack(_ failure: StageFailure, at now: Duration) {
        tellFetched()
        change { $0.news.add("failed: \(failure)") }
        enter(.reporting(failure), at: now)
    }

    // MARK: The model and the data

    mutating func hear(_ content: Digest, _ finding: Finding, at now: Duration) {
        guard case .fetching(var download) = phase, let source = download.sources.first, source.content == content
        else { return }
        switch finding {
        case .here(let manifest):
            download.provide(manifest, isHere: true)
            return look(for: download, at: now)
        case .different(let reason): note(reason, of: content)
        // Where nobody said that it is here, it need not be.
        case .absent(let reason): if settings.directory(of: source) != nil { note(reason, of: content) }
        }
        if let manifest = manifests[content] {
            download.provide(manifest, isHere: false)
            return look(for: download, at: now)
        }
        download.asksForList = true
        enter(.fetching(download), at: now)
    }

    /// Says why a directory is passed over, in every stage's log and once to whoever runs the worker.
    private mutating func note(_ reason: String, of content: Digest) {
        let sentence = "\(reason); it is not used, the coordinator is asked for the files"
        if manifests[content] == nil { log(.warning, sentence, [:]) }
        change { $0.news.add(sentence) }
    }

    mutating func hear(_ content: Digest, _ manifest: FileManifest, at now: Duration) {
        guard case .fetching(var download) = phase, download.asksForList, let source = download.sources.first,
            source.content == content
        else { return }
        do {
            guard try manifest.content(as: source) == content else {
                return lack(content, "what it lists are files of something else", at: now)
            }
        } catch {
            return lack(content, "\(error)", at: now)
        }
        manifests[content] = manifest
        download.provide(manifest, isHere: false)
        look(for: download, at: now)
    }

    /// The files are neither here nor at the coordinator.
    mutating func lack(_ content: Digest, _ reason: String, at now: Duration) {
        guard case .fetching(let download) = phase, download.asksForList, let source = download.sources.first,
            source.content == content
        else { return }
        let sentence = "\(source.name) is not on this host, and the coordinator does not have it: \(reason)"
        giveBack(StageFailure(.node, "\(sentence); \(source.advice)"), at: now)
    }

    /// The coordinator does not hold a file that it was asked for. One that it has listed was changed there since: it is
    /// asked for the list again, a few times, and finds another copy or says what is wrong.
    mutating func miss(_ file: ArtifactID, at now: Duration) {
        guard case .fetching(var download) = phase, !download.asksForList, download.next?.id == file else { return }
        guard let provision = download.provision(listing: file) else {
            let sentence = "the coordinator does not hold artifact \(file), from which the stage starts"
            return giveBack(StageFailure(.node, sentence), at: now)
        }
        let source = provision.source
        manifests[source.content] = nil
        download.losses += 1
        guard download.losses < lossLimit else {
            let sentence =
                "the coordinator has listed file \(file) of \(source.name) \(lossLimit) times, and not given it; "
            return giveBack(StageFailure(.node, sentence + source.advice), at: now)
        }
        let sentence = "the coordinator does not give file \(file) of \(source.name), and is asked for the list again"
        log(.warning, sentence, [:])
        change { $0.news.add(sentence) }
        download.listAgain(provision)
        enter(.fetching(download), at: now)
    }

    // MARK: Files

    mutating func receive(_ bytes: [UInt8], of file: ArtifactID, from offset: Int, at now: Duration) {
        guard case .fetching(var download) = phase, let next = download.next, next.id == file,
            offset == download.offset
        else { return }
        let rest = next.byteCount - offset
        guard bytes.count <= rest, !bytes.isEmpty || rest == 0 else { return spoil(download, at: now) }
        download.offset = nil
        fetched += bytes.count
        enter(.fetching(download), at: now)
        effects.append(.store(bytes, of: next, at: offset))
    }

    mutating func hear(_ file: ArtifactID, _ reception: ContentStore.Reception, at now: Duration) {
        guard case .fetching(var download) = phase, download.next?.id == file else { return }
        download.lookAt = nil
        switch reception {
        case .partial(let upTo): download.offset = upTo
        case .complete:
            download.missing.removeFirst()
            download.offset = nil
            return look(for: download, at: now)
        case .elsewhere:
            download.offset = nil
            download.lookAt = now + patience.neighbour
        case .corrupt:
            download.offset = 0
            return spoil(download, at: now)
        }
        enter(.fetching(download), at: now)
    }

    /// Looks again for a file that another group of this host fetches.
    mutating func lookAgain(at now: Duration) {
        guard case .fetching(var download) = phase, let lookAt = download.lookAt, lookAt <= now,
            let next = download.next
        else { return }
        download.lookAt = nil
        enter(.fetching(download), at: now)
        effects.append(.resume(next))
    }

    /// What came were not bytes of the file: asks again, a few times.
    private mutating func spoil(_ download: Download, at now: Duration) {
        var download = download
        download.damages += 1
        guard download.damages < damageLimit else {
            let name = download.next.map { "\($0.id)" } ?? ""
            let sentence = "artifact \(name) arrived damaged \(damageLimit) times"
            return giveBack(StageFailure(.node, sentence), at: now)
        }
        enter(.fetching(download), at: now)
    }
}

/// Downloads of one file that may turn out damaged before the stage goes back.
private let damageLimit = 3
/// Files that the coordinator may list and then not give before the stage goes back.
private let lossLimit = 3

extension InputSource {
    /// What to do where nobody has it.
    fileprivate var advice: String {
        let option = if case .model = self { "--model" } else { "--data" }
        return "name a directory that has it with \(option)"
    }
}
