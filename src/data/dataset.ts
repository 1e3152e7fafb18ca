/** Some examples of a data set. */
export interface Examples {
  n: number;
  /** (n): position of each example in the source data, stable under limit, offset, sample and sharding. */
  indices: Int32Array;
  /** (n, C, H, W) row-major, in [0, 1]. */
  pixels: Float32Array;
  /** (n) class indices; absent for unlabelled sets. */
  labels?: Int32Array;
  /** Examples of derived sets that could not be made, by source index, and why; their pixels mean nothing. */
  failed?: readonly { example: number; what: string }[];
}

/** How the images of a derived data set are made. With parents, systems and seed it decides every pixel. */
export interface Recipe {
  /** What makes them: `interpolate`, `gaussian`. */
  by: string;
  /** The data set that they are made of. */
  of?: string;
  /** The data set whose shape they have. */
  like?: string;
  /** Defaults filled in. */
  options: Readonly<Record<string, unknown>>;
}

/** What is known of a data set without reading its pixels; kept in the run folder. */
export interface DatasetInfo {
  name: string;
  /**
   * `test` is evaluated, `validation` fits temperatures and thresholds, `train` is what scores of features are fitted
   * to, `ood` is what should be rejected; `validation-ood` is what options of scores are chosen on beside a validation
   * set, and never reported.
   */
  role: 'test' | 'validation' | 'train' | 'ood' | 'validation-ood';
  /** For OOD sets: how far from the training distribution the user calls it. */
  distance?: 'near' | 'far';
  /** For test sets: the same classes in other conditions. */
  shift?: 'covariate';
  /** Number of examples after limit, offset and sample. */
  size: number;
  /** (C, H, W) */
  shape: readonly [number, number, number];
  /** Set when it has no images, only what models predicted of them: its shape is (0, 0, 0). */
  content?: 'predictions';
  labelled: boolean;
  /** Among the selected examples, and the first that has it; absent for unlabelled sets. */
  highestLabel?: { label: number; example: number };
  /** Of published corrupted images: which corruption, and at which of the five severities; all five, one after the other, without. */
  corruption?: { name: string; severity?: number };
  /**
   * Of published sequences of frames: which are made of every image, and of how many frames. Examples are frames: those of
   * the first image, sequence after sequence in this order, then those of the next.
   */
  sequences?: readonly { name: string; frames: number }[];
  /** Class names when the format has them (folders). */
  classes?: readonly string[];
  /** Classes of the models that have no images, where names tell. */
  absentClasses?: readonly string[];
  /** sha256 over the content and the selection; of derived sets, over all that decides these. */
  fingerprint: string;
  /**
   * Which examples these are, where the fingerprint depends on the models as well: of predictions, sha256 over their
   * number and labels. What two runs are compared on.
   */
  examples?: string;
  /** Where it was read from, as the user wrote it; of derived sets, where the first of its parents was. */
  path: string;
  /** Which part of what is there, where it holds several: an array of an archive, files of a folder. */
  part?: string;
  /** One line on what was selected and how pixels were decoded or made, for reports. */
  note?: string;
  /** Of derived sets; the others lie in files. */
  recipe?: Recipe;
  /** Measured in a random order of its examples, by a run that may stop before their end. */
  shuffled?: true;
}

/** Reads examples by range. */
export interface ExampleReader {
  /** Examples start (inclusive) to end (exclusive), 0 <= start <= end <= size. */
  read(start: number, end: number): Promise<Examples>;
}

/** Examples are read by range and never held whole. */
export interface Dataset extends ExampleReader {
  readonly info: DatasetInfo;
  close(): Promise<void>;
}
