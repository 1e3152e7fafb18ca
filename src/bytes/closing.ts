/** Things to close, in reverse order of opening; also when opening fails half-way. */
export class Closing {
  private readonly open: { close(): Promise<void> }[] = [];

  add<T extends { close(): Promise<void> }>(one: T): T {
    this.open.push(one);
    return one;
  }

  readonly close = async (): Promise<void> => {
    for (const one of this.open.splice(0).reverse()) await one.close();
  };

  /** Closes everything when `make` fails. */
  async guard<T>(make: () => Promise<T>): Promise<T> {
    try {
      return await make();
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}
