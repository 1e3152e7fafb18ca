import { AssayError } from '../errors.js';

/** Numbers of some examples, a column for each role. */
export interface Group {
  /** (n) source indices in the data set. */
  indices: ArrayLike<number>;
  /** By role, row after row: n numbers, or n x classes of a column that lists several. */
  columns: Readonly<Record<string, Float64Array>>;
  /** (n) where rows belong together: those of the same number do. */
  together?: ArrayLike<number>;
}

/** The columns in these roles. Errors: `file-malformed` where the rows have none for one of them. */
export function columnsIn<R extends string>(
  { columns }: Group,
  roles: readonly R[],
): Record<R, Float64Array> {
  const own = roles.map((role): [R, Float64Array] => {
    const column = columns[role];
    if (column) return [role, column];
    throw new AssayError('file-malformed', `the rows of a measure have no column for its ${role}`, {
      expected: roles.join(', '),
      found: Object.keys(columns).join(', ') || 'none',
      hint: 'name one in `rows.columns` of the measure',
    });
  });
  return Object.fromEntries(own) as Record<R, Float64Array>;
}

/** What a measure was made from. */
export interface RowsOfMeasure {
  examples: Group;
  /** The OOD sets that `examples` are ranked with. */
  against: readonly Group[];
}

/** The rows at these positions. */
function pick({ indices, columns, together }: Group, positions: Int32Array): Group {
  return {
    indices: Float64Array.from(positions, (at) => indices[at]!),
    ...(together && { together: Float64Array.from(positions, (at) => together[at]!) }),
    columns: Object.fromEntries(
      Object.entries(columns).map(([role, values]) => {
        const width = values.length / indices.length;
        const taken = new Float64Array(positions.length * width);
        positions.forEach((from, to) => {
          for (let k = 0; k < width; k++) taken[to * width + k] = values[from * width + k]!;
        });
        return [role, taken];
      }),
    ),
  };
}

/**
 * Both groups on the examples that they share, in the order of the first; the groups themselves where they have the same.
 * Errors: `data-invalid` for an example that a group has twice.
 */
export function aligned(a: Group, b: Group): [Group, Group] {
  const n = a.indices.length;
  if (n === b.indices.length && Array.prototype.every.call(a.indices, (index, i) => index === b.indices[i]))
    return [a, b];
  const [atA, atB] = [positionsOf(a), positionsOf(b)];
  const shared = [...atA.keys()].filter((index) => atB.has(index));
  const from = (at: ReadonlyMap<number, number>) => Int32Array.from(shared, (index) => at.get(index) ?? 0);
  return [pick(a, from(atA)), pick(b, from(atB))];
}

function positionsOf({ indices }: Group): Map<number, number> {
  const places = new Map<number, number>();
  for (let i = 0; i < indices.length; i++) {
    if (places.has(indices[i]!))
      throw new AssayError('data-invalid', 'a measure has two rows of one example', {
        found: `index ${indices[i]} twice`,
        hint: 'say in `rows.where` of the measure what tells the rows of an example apart',
      });
    places.set(indices[i]!, i);
  }
  return places;
}

/** One row an example: the smallest number of each column over its rows. */
export function smallestByExample({ indices, columns }: Group): Group {
  const at = new Map<number, number>();
  for (let i = 0; i < indices.length; i++) if (!at.has(indices[i]!)) at.set(indices[i]!, at.size);
  const least = (values: Float64Array) => {
    const result = new Float64Array(at.size).fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < indices.length; i++) {
      const place = at.get(indices[i]!) ?? 0;
      result[place] = Math.min(result[place]!, values[i]!);
    }
    return result;
  };
  return {
    indices: [...at.keys()],
    columns: Object.fromEntries(Object.entries(columns).map(([role, values]) => [role, least(values)])),
  };
}

/** Columns that list several numbers of each example as their means. */
export function meansOfLists({ indices, columns }: Group): Group {
  const n = indices.length;
  const mean = (values: Float64Array) => {
    const width = values.length / n;
    return Float64Array.from({ length: n }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += values[i * width + k]!;
      return sum / width;
    });
  };
  return {
    indices,
    columns: Object.fromEntries(Object.entries(columns).map(([role, values]) => [role, mean(values)])),
  };
}
