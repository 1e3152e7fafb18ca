/**
 * What a parser of JSON passes over in silence: a key that an object has twice (the last one wins), and nesting
 * deeper than it should be. Undefined when there is neither. Takes valid JSON and runs over it once.
 */
export function strayKey(json: string, maxDepth: number): string | undefined {
  const keys: (Set<string> | undefined)[] = [];
  let awaitsKey = false;
  for (let at = 0; at < json.length; at++) {
    const c = json[at];
    if (c === '"') {
      const end = endOfString(json, at);
      const seen = keys.at(-1);
      if (awaitsKey && seen) {
        const key = JSON.parse(json.slice(at, end + 1)) as string;
        if (seen.has(key)) return `the key "${key}" twice`;
        seen.add(key);
      }
      awaitsKey = false;
      at = end;
    } else if (c === '{' || c === '[') {
      awaitsKey = c === '{';
      keys.push(awaitsKey ? new Set() : undefined);
      if (keys.length > maxDepth) return `objects nested ${keys.length} deep`;
    } else if (c === '}' || c === ']') keys.pop();
    else if (c === ',') awaitsKey = keys.at(-1) !== undefined;
  }
  return undefined;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
