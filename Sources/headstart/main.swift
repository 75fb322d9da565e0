import Foundation
import Numerics
import Processes

// A reader of our output that went away is an error of one write, not the end of a sweep.
signal(SIGPIPE, SIG_IGN)
if !CommandLine.arguments.contains("--as-it-comes") { BLASCore.ensureBest() }
Heap.shareWhereLimited()
exit(Headstart.runToEnd())
