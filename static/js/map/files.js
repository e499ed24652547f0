// Files a map needs: the library and its style, and features as GeoJSON. No map library here.

const files = new Map();

/** Load a script or a style once. Rejects when it cannot be had. */
function loadFile(tag, attributes) {
  const address = attributes.src ?? attributes.href;
  if (!files.has(address)) {
    files.set(address, new Promise((resolve, reject) => {
      if (tag === "link" && document.querySelector(`link[rel="stylesheet"][href="${address}"]`)) {
        resolve();
        return;
      }
      const element = Object.assign(document.createElement(tag), attributes);
      element.addEventListener("load", resolve);
      element.addEventListener("error", () => reject(new Error(`cannot load ${address}`)));
      document.head.append(element);
    }));
  }
  return files.get(address);
}

export const loadScript = (src) => loadFile("script", { src, async: false });
export const loadStyle = (href) => loadFile("link", { rel: "stylesheet", href });

/** Features of an address. Rejects unless they come. */
export async function fetchCollection(url, options) {
  const answer = await fetch(url, { headers: { Accept: "application/geo+json, application/json" }, ...options });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}
