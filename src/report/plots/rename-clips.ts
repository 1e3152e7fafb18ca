/**
 * Vega counts its clip paths and gradients over all plots of the process: counted per plot, equal plots are equal text.
 * @param prefix keeps plots of one page apart
 */
export function renameClips(svg: string, prefix = ''): string {
  const names = new Map<string, string>();
  return svg.replace(/( id="|url\(#)(clip|gradient)(\d+)/g, (_, before, kind, number) => {
    const name = names.get(kind + number) ?? `${prefix}${kind}${names.size}`;
    names.set(kind + number, name);
    return before + name;
  });
}
