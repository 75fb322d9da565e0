/// What a hub's refusal means: it says so in a head's field of its own, else by status.
struct HubRefusal {
    let model: HubModel
    let settings: HubSettings

    func error(_ head: HTTPHead) -> DownloadError? {
        switch (head.fields["x-error-code"], head.status) {
        case ("GatedRepo", _): return gated
        case ("RevisionNotFound", _):
            return DownloadError(
                .request, "\(model.id) has no revision '\(model.revision)'; without --revision it is main")
        case ("EntryNotFound", _):
            return DownloadError(
                .failure, "\(model) no longer has a file that it just had; is somebody changing it? Try again")
        case ("RepoNotFound", _), (_, 401), (_, 404): return missing
        case (_, 403):
            let why = head.fields["x-error-message"].map { ": \($0)" } ?? ""
            return DownloadError(
                .request,
                "\(settings.endpoint) refuses \(model) (403)\(why); does HF_TOKEN belong to somebody who may read it?")
        default: return nil
        }
    }

    private var gated: DownloadError {
        let remedy =
            settings.token == nil
            ? "and set HF_TOKEN to a token from \(settings.endpoint)/settings/tokens"
            : "as the user whose token is in use"
        return DownloadError(
            .request,
            "\(model.id) is given only to those who accept its terms: do so at \(settings.endpoint)/\(model.id), \(remedy)"
        )
    }

    /// The hub tells nobody that a repository is there which they may not see.
    private var missing: DownloadError {
        let remedy =
            settings.token == nil
            ? "where it is private, set HF_TOKEN"
            : "where it is private, does the token in use belong to somebody who may read it, and is it still valid?"
        return DownloadError(
            .request,
            "there is no model '\(model.id)' at \(settings.endpoint) that you may see; check its name; \(remedy)")
    }
}
