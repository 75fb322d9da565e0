package import Experiments
import Foundation
package import Statistics

extension Summary {
    /// "61.82 ± 1.20" as the metric's values are shown, the deviation only where there is one.
    package func figures(_ metric: Metric) -> String { figures(metric.figure) }

    /// In percent.
    var figures: String { figures(percent) }

    private func figures(_ figure: (Double) -> String) -> String {
        figure(mean) + (deviation.map { " ± \(figure($0))" } ?? "")
    }
}

/// A score as the papers print it: in percent, two decimals.
func percent(_ value: Double) -> String { decimals(value * 100, 2) }

package func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }

/// A difference of scores, in percentage points with its sign.
package func signedPercent(_ value: Double) -> String { String(format: "%+.2f", value * 100) }

/// A number with so many digits that count, without zeros at the end.
package func significant(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)g", value) }

/// Three digits that count.
package func pValueText(_ value: Double) -> String { significant(value, 3) }
