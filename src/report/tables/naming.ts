const NORMS: Readonly<Record<string, string>> = { Linf: 'ℓ∞', L2: 'ℓ₂', L1: 'ℓ₁' };

/** A value as a table prints it: by the table's own names, norms as symbols. */
export const printedName = (name: string, names: Readonly<Record<string, string>>): string =>
  names[name] ?? NORMS[name] ?? name;

/** The heading of what names rows. */
export const rowTitle = (field: string): string =>
  ({ dataset: 'Data set', folder: 'Run' })[field] ?? field.charAt(0).toUpperCase() + field.slice(1);
