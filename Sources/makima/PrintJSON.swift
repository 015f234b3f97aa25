import JSONText

/// Prints a value as JSON for people and programs.
func printJSON(_ value: some Encodable) { print(JSON.encode(value, isIndented: true)) }
