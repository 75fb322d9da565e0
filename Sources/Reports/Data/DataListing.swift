import Experiments
package import Tasks

/// What `headstart data check` shows, and the short form of it before a task is trained on.
extension DataCheck {
    /// A column for each file of the dataset, and the warnings.
    package func text(width: Int = .max) -> String {
        var table = Columns([("", .left)] + files.map { ($0.name, .right) })
        for (title, cells) in rows { table.add([title] + cells) }
        let end = warnings.isEmpty ? ["", "Nothing in it looks wrong."] : [""] + warningLines
        return ([task, ""] + table.lines(width: width) + folded(end, width: width)).joined(separator: "\n")
    }

    /// A line or two, and the warnings.
    package func summary(width: Int = .max) -> String {
        let sizes = files.map { "\(counted($0.rows, "row")) of \($0.name)" }.joined(separator: ", ")
        let labels = files.first.map(\.commonLabels) ?? ""
        return folded(["\(task): \(sizes)\(labels)"] + warningLines, width: width).joined(separator: "\n")
    }

    private var warningLines: [String] { warnings.map { "! \($0)" } }

    private var rows: [(title: String, cells: [String])] {
        var rows = [("rows", files.map { "\($0.rows)" })]
        if files.contains(where: { $0.skipped > 0 }) { rows.append(("left out", files.map { "\($0.skipped)" })) }
        for index in files.first?.labels.indices ?? 0..<0 {
            rows.append((files[0].labels[index].label, files.map { $0.share(ofLabel: index) }))
        }
        if files.contains(where: { $0.values != nil }) {
            rows.append(("least", files.map { figure($0.values?.least) }))
            rows.append(("mean", files.map { figure($0.values?.mean) }))
            rows.append(("greatest", files.map { figure($0.values?.greatest) }))
        }
        rows.append(("repeated rows", files.map { "\($0.repeated)" }))
        rows.append(("also in train", files.map { $0.inTrain.map(String.init) ?? "–" }))
        guard files.contains(where: { $0.lengths != nil }) else { return rows }
        rows.append(("tokens, median", files.map { $0.lengths.map { "\($0.median)" } ?? "–" }))
        rows.append(("tokens, longest", files.map { $0.lengths.map { "\($0.longest)" } ?? "–" }))
        rows.append(("cut", files.map { $0.lengths.map { share($0.cut) } ?? "–" }))
        rows.append(("unknown tokens", files.map { $0.lengths.map { share($0.unknown) } ?? "–" }))
        return rows
    }

    private func figure(_ value: Double?) -> String { value.map { significant($0, 4) } ?? "–" }
}

extension FileCheck {
    private var labelCount: Int { labels.reduce(0) { $0 + $1.count } }

    /// "512 (51.2 %)"
    fileprivate func share(ofLabel index: Int) -> String {
        "\(labels[index].count) (\(Reports.share(Double(labels[index].count) / Double(max(labelCount, 1)))))"
    }

    /// "; 51.2 % good, 48.8 % bad", of more than three labels the most frequent ones.
    fileprivate var commonLabels: String {
        let most = labels.sorted { $0.count > $1.count }.prefix(3).map {
            "\(Reports.share(Double($0.count) / Double(max(labelCount, 1)))) \($0.label)"
        }
        let more = labels.count > most.count ? " and \(counted(labels.count - most.count, "other label"))" : ""
        return most.isEmpty ? "" : "; \(most.joined(separator: ", "))\(more)"
    }
}

extension ReadRow {
    /// The row's number, what is to be predicted, and the tokens of each sequence.
    package func text(width: Int = .max) -> String {
        let heading = ["\(row)", label, cut > 0 ? "(\(counted(cut, "token")) cut)" : ""].filter { !$0.isEmpty }
        return folded([heading.joined(separator: "  ")] + sequences.map { "  \($0)" }, width: width).joined(
            separator: "\n")
    }
}

/// "12.3 %"
private func share(_ value: Double) -> String { "\(decimals(value * 100, 1)) %" }

extension DataCheck: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode(["task": task, "files": files, "warnings": warnings])
    }
}

extension FileCheck: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "name": name, "rows": rows, "skipped": skipped, "labels": labels, "values": values, "repeated": repeated,
            "contradicted": contradicted, "inTrain": inTrain, "lengths": lengths,
        ])
    }
}
