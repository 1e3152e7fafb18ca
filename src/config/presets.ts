/** Values that an option stands for, by its names: each is what users could have written themselves. */
export interface Presets {
  /** The key that names one. */
  option: string;
  rows: Readonly<Record<string, object>>;
}

/** Under which key of an object's schema its presets stand, for `check`: of several the first that gives a value has it. */
export const PRESETS = 'presets';

/**
 * Fills in, in place, what the presets that an object names say and it does not, in objects inside it too. What is no
 * preset, `check` refuses by its schema.
 */
export function fillFromPresets(presets: readonly Presets[], value: unknown): void {
  if (!isRecord(value)) return;
  for (const { option, rows } of presets) {
    const name = value[option];
    if (typeof name === 'string' && Object.hasOwn(rows, name)) fill(value, rows[name]!);
  }
}

function fill(value: Record<string, unknown>, from: object): void {
  for (const [key, preset] of Object.entries(from)) {
    const own = value[key];
    if (own === undefined) value[key] = structuredClone(preset);
    else if (isRecord(own) && isRecord(preset)) fill(own, preset);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
