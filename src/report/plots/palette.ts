/**
 * Colours that people with any colour vision tell apart, for light and dark: after Okabe & Ito (2008) and Tol
 * (2021), darkened or lightened to at least 3:1 against the page. `style.css` gives `--c0` to `--c7` their values.
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

/** A palette for the systems of a run, in the order of the run file. */
export function createPalette(systems: readonly string[]): Palette {
  const known = new Map<string, number>(systems.map((name, i) => [name, i % PALETTE_SIZE]));
  let next = systems.length;

  const allot = (name: string, used: ReadonlySet<number>): number => {
    let candidate = next % PALETTE_SIZE;
    for (let i = 0; i < PALETTE_SIZE && used.has(candidate); i++) candidate = (candidate + 1) % PALETTE_SIZE;
    next++;
    known.set(name, candidate);
    return candidate;
  };

  return {
    colours(names, { sharing = false } = {}) {
      const used = new Set<number>();
      for (const name of names) {
        const colour = known.get(name);
        if (colour !== undefined) used.add(colour);
      }
      return names.map((name) => {
        const own = known.get(name);
        if (own !== undefined) return cssColour(own);
        const system = systemOf(name, systems);
        const inherited = system === undefined ? undefined : known.get(system);
        const index =
          inherited !== undefined && (sharing || !used.has(inherited)) ? inherited : allot(name, used);
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
