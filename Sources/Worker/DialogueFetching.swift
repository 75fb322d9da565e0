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
            if fetched > 0 {
                let sentence = "fetched \(fetched) bytes from the coordinator"
                log(.info, sentence, ["stage.id": assignment.stage.short])
                change { $0.news.add(sentence) }
                fetched = 0
            }
            enter(.training(Training(signAt: now)), at: now)
            effects.append(.train(assignment, download.provisions))
        }
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
        let option = if case .model = source { "--model" } else { "--data" }
        let sentence =
            "\(source.name) is not on this host, and the coordinator does not have it: \(reason); name a directory that"
            + " has it with \(option)"
        enter(.reporting(StageFailure(.node, sentence)), at: now)
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
            return enter(.reporting(StageFailure(.node, sentence)), at: now)
        }
        enter(.fetching(download), at: now)
    }
}

/// Downloads of one file that may turn out damaged before the stage goes back.
private let damageLimit = 3
