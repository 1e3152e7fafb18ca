import type { ImageSource } from './source.js';

/** Labels by the classes of a model, and which of these have no images. */
export interface Aligned {
  labels?: Int32Array;
  classes?: readonly string[];
  absent: readonly string[];
}

/**
 * Numbers labels as the model does, where names tell: when every class of the data set is named among those of the
 * model, as in subsets (ImageNet-A, ImageNet-R) and where folders are in another order. Otherwise nothing changes.
 * @param known class names of the models, in the order of their logits
 */
export function alignClasses(
  { labels, classes }: Pick<ImageSource, 'labels' | 'classes'>,
  known: readonly string[] | undefined,
): Aligned {
  const place = new Map(known?.map((name, k) => [name, k]));
  const unchanged = { ...(labels && { labels }), ...(classes && { classes }), absent: [] };
  if (!known || !labels || !classes?.every((name) => place.has(name))) return unchanged;
  return {
    labels: labels.map((label) => place.get(classes[label]!) ?? label),
    classes: known,
    absent: known.filter((name) => !classes.includes(name)),
  };
}
