/// The version of the program and of its package: the one place that states it.
let version = "0.1.0"
