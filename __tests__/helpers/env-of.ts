/** Inputs as the runner hands them over: `INPUT_` and the name in capitals. */
export function envOf(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]))
}
