import Statistics
import Testing

struct PointsTests {
    @Test func `both projections keep clusters apart`() {
        // Three clusters of 12 points in 20 dimensions, far from each other.
        let values = (0..<36).flatMap { point in
            (0..<20).map { column -> Float in
                let centre: Float = column % 3 == point / 12 ? 10 : 0
                return centre + Float((point * 7 + column * 13) % 11) / 11
            }
        }
        let points = Points(values, width: 20)
        let principal = points.principalComponents()
        for places in [principal, points.stochasticNeighbors(from: principal)] {
            #expect(places.count == 36)
            for (index, place) in places.enumerated() {
                let others = places.enumerated().filter { $0.offset != index }
                let nearest = others.min { distance($0.element, place) < distance($1.element, place) }
                #expect(nearest.map { $0.offset / 12 } == index / 12)
            }
        }
    }

    private func distance(_ left: (x: Double, y: Double), _ right: (x: Double, y: Double)) -> Double {
        (left.x - right.x) * (left.x - right.x) + (left.y - right.y) * (left.y - right.y)
    }
}
