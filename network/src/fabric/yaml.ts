/** Text in YAML files: JSON's strings are YAML's, whatever is in them. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
