// Fetching: bytes that a map shows beside its points, asked for when they are wanted, once.

const SLOW = 500; // milliseconds after which it is said that something is being fetched

/** An address without its token: a fresh one does not ask for other bytes. */
function withoutToken(url) {
  return url.replace(/([?&])token=[^&]*/, "$1");
}

/**
 * Fetches one thing at a time; while it takes long, and when it fails, a notice says so. `again` is called when a
 * person wants another try, `forget` when what has been fetched is not wanted any more.
 */
class Fetching {
  constructor(map, kind, title, again, forget) {
    Object.assign(this, { map, kind, title, again, forget });
    this.url = this.key = this.failed = "";
  }

  /** Fetch from here from now on; what came from elsewhere is forgotten, and nothing is wanted from no address. */
  from(url) {
    const same = withoutToken(url) === withoutToken(this.url);
    this.url = url;
    if (!same) this.clear();
  }

  clear() {
    this.stop();
    this.forget();
  }

  /** Get `size` bytes for `key`, unless they are there or under way; null when they are not wanted any more. */
  async get(key, url, size) {
    if (key === this.key && (!this.failed || url === this.failed)) return null; // a fresh token may mend a failure
    this.stop();
    this.key = key;
    const ending = (this.ending = new AbortController());
    const slow = setTimeout(() => this.map.notice(this.kind, `Loading ${this.title[0].toLowerCase()}${this.title.slice(1)}`), SLOW);
    try {
      const bytes = await fetchBytes(url, size, ending.signal, this.title);
      if (ending.signal.aborted) return null;
      this.map.notice(this.kind, "");
      return bytes;
    } catch (error) {
      if (ending.signal.aborted) return null;
      if (!(error instanceof MapError)) throw error;
      this.failed = url;
      const again = () => {
        this.stop();
        this.again();
      };
      this.map.notice(this.kind, error.message, error.canRetry ? again : null);
      return null;
    } finally {
      clearTimeout(slow);
    }
  }

  stop() {
    this.ending?.abort();
    this.key = this.failed = "";
    this.map.notice(this.kind, "");
  }
}
