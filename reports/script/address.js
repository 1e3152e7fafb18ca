// What a reader has opened, sorted and filtered stands in the address, after `?`: a link shows the same again.
const address = {
  get(key) {
    return new URLSearchParams(location.search).get(key) ?? '';
  },
  /** An empty value takes the key out. */
  set(key, value) {
    const query = new URLSearchParams(location.search);
    if (value === '') query.delete(key);
    else query.set(key, value);
    const text = query.toString();
    history.replaceState(null, '', `${location.pathname}${text && `?${text}`}${location.hash}`);
  },
  list(key) {
    return this.get(key)
      .split(',')
      .filter((entry) => entry !== '');
  },
};
