// What this browser keeps: unsaved text and the steps for undo (IndexedDB), and small choices (localStorage).
//
// Each window has a drawer of its own, so that two windows on one episode never overwrite one another. A window
// holds a lock while it lives; what a dead window left unsaved is found by the next one that opens the episode.

const DATABASE = "onrecord-desk";
const DRAWERS = "drawers";

function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(DRAWERS, { keyPath: ["slug", "window"] });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Take a lock and keep it as long as this window lives; false when another window has it. */
function hold(name) {
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}

/** This window's drawer for one episode. */
export class Drawer {
  #database;
  #slug;
  #window;

  /** Open the drawer; resolves also where the browser keeps nothing (then nothing is kept). */
  static async open(slug) {
    const drawer = new Drawer();
    drawer.#slug = slug;
    drawer.#window = sessionStorage.getItem("desk-window") ?? crypto.randomUUID();
    // A duplicated tab copies sessionStorage: the second holder of a name takes another.
    if (!(await hold(`desk ${drawer.#window} ${slug}`))) {
      drawer.#window = crypto.randomUUID();
      await hold(`desk ${drawer.#window} ${slug}`);
    }
    sessionStorage.setItem("desk-window", drawer.#window);
    drawer.#database = await open().catch(() => null);
    return drawer;
  }

  /** What was kept: this window's own, else the newest unsaved (else newest) of windows that are closed. */
  async find() {
    if (!this.#database) {
      return null;
    }
    const all = await this.#all();
    const living = new Set((await navigator.locks.query()).held.map((lock) => lock.name));
    const dead = all.filter((kept) => kept.window !== this.#window && !living.has(`desk ${kept.window} ${this.#slug}`));
    dead.sort((one, other) => Number(other.unsaved) - Number(one.unsaved) || other.at - one.at);
    const own = all.find((kept) => kept.window === this.#window);
    const found = own?.unsaved || !dead.length || (own && !dead[0].unsaved) ? own : dead[0];
    if (found && found.window !== this.#window) {
      await this.put(found);
      await this.#remove(found.window);
    }
    return found ?? null;
  }

  /** Keep {revision, base, paragraphs, unsaved, history}. Rejects when the browser cannot. */
  async put(content) {
    if (!this.#database) {
      return;
    }
    const transaction = this.#database.transaction(DRAWERS, "readwrite", { durability: "strict" });
    transaction.objectStore(DRAWERS).put({ ...content, slug: this.#slug, window: this.#window, at: Date.now() });
    const done = finished(transaction);
    // Said at once, it is written even when this is the last thing the page does.
    transaction.commit();
    await done;
  }

  async #all() {
    const asked = this.#database
      .transaction(DRAWERS)
      .objectStore(DRAWERS)
      .getAll(IDBKeyRange.bound([this.#slug], [this.#slug, []]));
    await finished(asked.transaction);
    return asked.result;
  }

  async #remove(window) {
    const transaction = this.#database.transaction(DRAWERS, "readwrite");
    transaction.objectStore(DRAWERS).delete([this.#slug, window]);
    await finished(transaction);
  }
}

/** A choice kept in this browser, such as the speed; `fallback` until one was made. */
export function choice(name, fallback) {
  try {
    const kept = localStorage.getItem(`desk.${name}`);
    return kept === null ? fallback : JSON.parse(kept);
  } catch {
    return fallback;
  }
}

/** Keep a choice. */
export function choose(name, value) {
  try {
    localStorage.setItem(`desk.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing still edits.
  }
}
