import type { DatasetSpec } from '../../data/spec.js';

/** A data set that a protocol wants, by what its file or folder is called. */
export interface WantedSet {
  /** In the run file. */
  name: string;
  /** What of it the run file says beside its path. */
  entry: Partial<DatasetSpec>;
  /** Whether a file without its ending, or a folder, is it; in small letters, with dashes for underscores. */
  called: RegExp;
  /** For people: what to put there. */
  told: string;
  /** A folder of it holds photographs of any size, which are scaled to the network's input. */
  scaled?: boolean;
  /** Without it there is nothing to measure. */
  needed?: boolean;
}

/** Whether a set that was found is a folder of photographs. */
export const isPhotographs = (data: readonly WantedSet[], { name, entry: { path } }: FoundSet): boolean =>
  data.some((one) => one.name === name && one.scaled === true) && !/\.[a-z0-9]+$/i.test(path);

/** A second model that a protocol can use, by what its card is called. */
export interface WantedModel {
  name: string;
  /** Whether a file is it: its name without `.model.yaml`, in small letters, with dashes for underscores. */
  called: RegExp;
  told: string;
}

/** A data set as the run file lists it. */
export interface FoundSet {
  name: string;
  entry: Partial<DatasetSpec> & { path: string };
}

/** The weights of the model behind a card of their own. */
export interface LargerModel {
  name: string;
  /** The card, as the run file says it. */
  card: string;
}

/** What a preset writes a run file for. */
export interface PresetSite {
  model: {
    name: string;
    /** The card, as the run file says it. */
    card: string;
    /** d(model input) / d(pixel), the mean over channels: 2 for an input in [-1, 1]. */
    inputScale: number;
    /** (C, H, W), where the card says so. */
    shape: readonly number[];
  };
  found: readonly FoundSet[];
  missing: readonly WantedSet[];
  /** The models beside it, by the name that the protocol wants them for. */
  models: Readonly<Record<string, { name: string; card: string }>>;
  /** Photographs that the model's weights can be shown at another size as well: by the name of the data set. */
  larger?: LargerModel & { set: string; shorter: number };
  /** Why attacks cannot follow gradients back through chains, where that is known. */
  onceOnly?: string;
  /** `--limit`: the schedule of what is expensive is then short as well. */
  limit?: number | undefined;
}

/** A protocol that a run file is written for: one file, and one row in the registry. */
export interface Preset {
  name: string;
  title: string;
  source: string;
  data: readonly WantedSet[];
  models: readonly WantedModel[];
  /** The run file, with comments. */
  text(site: PresetSite): string;
}
