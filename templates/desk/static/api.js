// Talking to the desk's server: JSON in, JSON out, and three kinds of failure told apart.

/** The server answered that it will not: `code`, a sentence, a remedy, and the whole answer. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.message ?? `The desk's server answered ${status}`);
    this.status = status;
    this.code = body?.error ?? "error";
    this.remedy = body?.remedy ?? "";
    this.body = body ?? {};
  }

  /** What happened and what to do, in one line. */
  get sentence() {
    return [this.message, this.remedy]
      .filter(Boolean)
      .map((part) => part.replace(/\.?$/, "."))
      .join(" ");
  }
}

/** The server did not answer at all. */
export class Unreachable extends Error {
  get sentence() {
    return "The desk's server does not answer. Start it again with make review.";
  }
}

async function request(method, path, { body, revision, keepalive = false } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  if (revision !== undefined) {
    headers["If-Match"] = `"${revision}"`;
  }
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers,
      keepalive,
      cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  const text = await answer.text();
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    content = null;
  }
  if (!answer.ok) {
    throw new Refused(answer.status, content);
  }
  return content;
}

/** The list of episodes. */
export function listEpisodes() {
  return request("GET", "/api/episodes");
}

/** Everything the desk asks of the server about one episode. */
export class EpisodeApi {
  constructor(slug) {
    this.base = `/api/episodes/${encodeURIComponent(slug)}`;
    this.place = `/episodes/${encodeURIComponent(slug)}`;
  }

  get audioAddress() {
    return `${this.place}/audio`;
  }

  load() {
    return request("GET", this.base);
  }

  peaks() {
    return request("GET", `${this.place}/peaks`);
  }

  saveTranscript(revision, by, paragraphs, keepalive = false) {
    return request("PUT", `${this.base}/transcript`, { revision, body: { by, paragraphs }, keepalive });
  }

  saveNotes(revision, text) {
    return request("PUT", `${this.base}/notes`, { revision, body: { text } });
  }

  saveMarks(revision, marks) {
    return request("PUT", `${this.base}/marks`, { revision, body: marks });
  }

  preview(text) {
    return request("POST", `${this.base}/preview`, { body: { text } });
  }

  review(marks, keepalive = false) {
    return request("POST", `${this.base}/review`, { body: marks, keepalive });
  }

  addTerm(term) {
    return request("POST", `${this.base}/glossary`, { body: { term } });
  }

  addSource(url, title) {
    return request("POST", `${this.base}/sources`, { body: { url, title } });
  }

  retranscribe(start_ms, end_ms, model) {
    return request("POST", `${this.base}/retranscribe`, { body: { start_ms, end_ms, model } });
  }

  job(id) {
    return request("GET", `/api/jobs/${encodeURIComponent(id)}`);
  }

  summary(by) {
    return request("GET", `${this.base}/summary?by=${encodeURIComponent(by)}`);
  }

  voices() {
    return request("GET", `${this.base}/voices`);
  }

  approve(by, revision) {
    return request("POST", `${this.base}/approve`, { body: { by, revision } });
  }

  publish() {
    return request("POST", `${this.base}/publish`, { body: {} });
  }

  redactions() {
    return request("GET", `${this.base}/redactions`);
  }

  said(words) {
    return request("POST", `${this.base}/said`, { body: { words } });
  }

  strike(revision, body) {
    return request("POST", `${this.base}/redactions`, { revision, body });
  }

  mend(revision, place, stretch) {
    return request("PUT", `${this.base}/redactions/${place}`, { revision, body: stretch });
  }

  takeBack(revision, place) {
    return request("DELETE", `${this.base}/redactions/${place}`, { revision, body: {} });
  }

  /** Call `changed` with every message about changes on disk. */
  watch(changed) {
    const source = new EventSource(`${this.base}/changes`);
    source.addEventListener("message", (event) => changed(JSON.parse(event.data)));
    addEventListener("pagehide", () => source.close());
    return source;
  }
}
