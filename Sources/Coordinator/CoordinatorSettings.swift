package import Experiments
import Messages
package import Scheduler
package import Transport

package struct CoordinatorSettings: Sendable {
    package var listen: Endpoint
    package var scheduler = SchedulerSettings()
    /// The coordinator's keys and those it admits; without them it listens only where no other machine can connect.
    package var protection: Protection?
    /// What is known beforehand of what a sweep's stages take; of none of them unless it is told otherwise. It is asked
    /// whenever a sweep is planned, and on the loop.
    package var needs: @Sendable (SweepPlan) -> [StageKey: StageNeeds] = { _ in [:] }
    /// Stop at the first stage that fails or is set aside.
    package var failsFast = false
    /// Where people elsewhere may ask, by a client's key; those of this machine ask in the store.
    package var control: Endpoint?
    /// Listen without keys where other machines can connect.
    package var insecure = false
    /// How long workers are waited for once every stage has ended, so that they are told to go: also those that were cut
    /// off or are being started again.
    package var farewellMilliseconds: Int64 = 60_000
    /// How long the sockets stay open after the last word.
    package var lingerMilliseconds: Int64 = 500
    /// The shortest time between two calls of `onChange`.
    package var reportMilliseconds: Int64 = 200
    package var longestWaitMilliseconds: Int64 = 200
    package var messagesPerTurn = 1024
    /// After so many it is looked whether the disk has time for what they led to.
    package var messagesPerCommit = 64
    /// How often a store that refused to be written is tried again.
    package var storeRetryMilliseconds: Int64 = 1_000
    /// Between two turns, in which the process stood still: what makes it more than a long turn.
    package var standstillMilliseconds: Int64 = 1_000

    package struct Protection: Sendable {
        package var keys: CurveKeyPair
        package var admitted: AdmittedKeys
        /// Those of people who give commands.
        package var clients: AdmittedKeys

        package init(keys: CurveKeyPair, admitted: AdmittedKeys, clients: AdmittedKeys = AdmittedKeys([])) {
            self.keys = keys
            self.admitted = admitted
            self.clients = clients
        }
    }

    package init(listen: Endpoint) {
        self.listen = listen
    }

    func makeSockets(
        store: String
    ) throws(TransportError) -> (Router, Publisher, Gatekeeper?, Endpoint, ControlSockets) {
        let context = try Context()
        var gatekeeper: Gatekeeper?
        if let protection {
            gatekeeper = try Gatekeeper(
                in: context, keys: protection.keys, admitted: protection.admitted, clients: protection.clients)
        }
        let limits = MessageLimits(frameBytes: max(controlByteLimit, chunkByteLimit), frames: 2)
        let router = try Router(in: context, limits: limits, protectedBy: gatekeeper)
        // Heads that a slow subscriber has not read lie in memory until then.
        let heads = MessageLimits(frameBytes: broadcastByteLimit, frames: 2, queued: 32)
        let publisher = try Publisher(in: context, limits: heads, protectedBy: gatekeeper)
        let endpoint = try bindPair(router, publisher, at: listen, insecure: insecure)
        return (router, publisher, gatekeeper, endpoint, try makeControl(in: context, store: store, gatekeeper))
    }

    private func makeControl(
        in context: Context, store: String, _ gatekeeper: Gatekeeper?
    ) throws(TransportError) -> ControlSockets {
        let limits = MessageLimits(frameBytes: controlByteLimit, frames: 1)
        var routers: [Router] = []
        if let local = ControlSockets.local(toStore: store) {
            let router = try Router(in: context, limits: limits)
            try router.bind(local)
            routers.append(router)
        }
        if let control {
            let router = try Router(in: context, limits: limits, protectedBy: gatekeeper, gate: .clients)
            try router.bind(control, insecure: insecure)
            routers.append(router)
        }
        return ControlSockets(routers)
    }
}

/// How things stand, for those who watch.
package struct CoordinatorStatus: Sendable {
    /// The sweeps, as far as they are planned.
    package let plans: [SweepPlan]
    /// Every stage in the order of the plans.
    package let stages: [StageRecord]
    /// Worker groups that are connected.
    package let workerCount: Int
    /// Why the store cannot be written at the moment, so that nothing is handed out.
    package let trouble: String?
}
