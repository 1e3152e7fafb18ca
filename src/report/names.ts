/**
 * A name as a file name or an HTML id: lower case ASCII letters, digits and hyphens, at most 60 characters,
 * never empty. Different names can give the same slug; see `uniqueSlugs` where that matters.
 */
export function slug(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return plain || 'unnamed';
}

/** Makes slugs that differ from all it made before: the second `roc` becomes `roc-2`. */
export function uniqueSlugs(): (name: string) => string {
  const taken = new Set<string>();
  return (name) => {
    const base = slug(name);
    let candidate = base;
    for (let i = 2; taken.has(candidate); i++) candidate = `${base}-${i}`;
    taken.add(candidate);
    return candidate;
  };
}
