// What scripts say, in the language of the page. The server hands the words over with the page; the English ones stand where they are said.

const words = JSON.parse(document.documentElement.dataset.words || "{}");

/** The message, its places `%(name)s` filled from `values`. */
export function t(message, values = {}) {
  return (words[message] || message).replace(/%\((\w+)\)s/g, (_place, name) => String(values[name]));
}
