// bench [--all 1] [--rounds 5] [--scale 100] [--only NAME,NAME…] [--work FOLDER] [--port 18080]
//
// Runs the pieces in turn and prints the table of targets; with --all every scenario as well. --scale takes that many
// percent of the usual amounts: quick and rough. Names: see `Plan`.
internal import BenchSupport

let options = Options(CommandLine.arguments.dropFirst())
let harness = Harness(options)
Machine(work: harness.work).describe()
let plan = Plan(harness: harness, options: options)
plan.run()
harness.end()
