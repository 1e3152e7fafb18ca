/**
 * Colours that people with any colour vision tell apart, for light and dark: found by search, so that any two of
 * them are at least 0.12 apart in OKLab as people with normal vision, deuteranopia or protanopia see them (Machado
 * et al. 2009), at 3:1 or more against the page. `base.css` gives `--c0` to `--c7` their values, and
 * `test/report/plots/colours.test.ts` holds them to it.
 */
export const PALETTE_SIZE = 8;

/** Gives every name of a report its colour, the same in every figure. */
export interface Palette {
  /**
   * CSS colours for the series of one figure. Systems come first and keep theirs; `jem, transfer` has the colour
   * of `jem`. Colours within a figure differ as long as there are enough, unless `sharing` is allowed because
   * something else (dashes) tells series of one system apart.
   */
  colours(names: readonly string[], options?: { sharing?: boolean }): string[];
}

/** A palette for the systems of a run and its data sets, each in the order of the run file. */
export function createPalette(systems: readonly string[], datasets: readonly string[] = []): Palette {
  const known = new Map<string, number>();
  let next = 0;
  for (const name of [...systems, ...datasets]) if (!known.has(name)) known.set(name, next++ % PALETTE_SIZE);

  /** The colour a name has had, or the next; another one where this figure has given it to something else. */
  const allot = (name: string, used: ReadonlySet<number>): number => {
    let candidate = known.get(name) ?? next++ % PALETTE_SIZE;
    for (let i = 0; i < PALETTE_SIZE && used.has(candidate); i++) candidate = (candidate + 1) % PALETTE_SIZE;
    if (!known.has(name)) known.set(name, candidate);
    return candidate;
  };

  return {
    colours(names, { sharing = false } = {}) {
      const own = names.map((name) => (systems.includes(name) ? known.get(name) : undefined));
      const used = new Set(own.filter((colour) => colour !== undefined));
      return names.map((name, i) => {
        const inherited = known.get(systemOf(name, systems) ?? '');
        const index =
          own[i] ??
          (inherited !== undefined && (sharing || !used.has(inherited)) ? inherited : allot(name, used));
        used.add(index);
        return cssColour(index);
      });
    },
  };
}

function cssColour(index: number): string {
  return `var(--c${index})`;
}

/** The longest system name that starts `name` and ends at a word's end. */
function systemOf(name: string, systems: readonly string[]): string | undefined {
  return systems
    .filter((system) => name.startsWith(system) && !/^[\w-]/.test(name.slice(system.length)))
    .sort((a, b) => b.length - a.length)[0];
}
