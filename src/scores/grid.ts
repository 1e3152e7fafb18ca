/** Every combination of values of options, the last option changing first. */
export function combinations<Options extends object>(
  values: {
    readonly [Name in keyof Options]?: readonly Options[Name][];
  },
): Partial<Options>[] {
  return Object.entries<readonly unknown[] | undefined>(values).reduce<Partial<Options>[]>(
    (all, [name, some = []]) => all.flatMap((one) => some.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}
