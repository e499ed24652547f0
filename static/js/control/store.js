// What stays on the phone: the boards of the territories, the looks still to be sent, a few choices.

const NAME = "joptimiz-controle";
const VERSION = 1;

let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("boards", { keyPath: "territory" });
      asked.result.createObjectStore("looks", { keyPath: "order", autoIncrement: true });
      asked.result.createObjectStore("choices", { keyPath: "name" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** The result of one act on one store, once it is safe on the disk. */
async function act(store, mode, does) {
  const transaction = (await database()).transaction(store, mode, { durability: "strict" });
  const asked = does(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

export const getBoard = (territory) => act("boards", "readonly", (store) => store.get(territory));
/** board: {territory, etag, syncedAt (ms), downloaded}. */
export const keepBoard = (board) => act("boards", "readwrite", (store) => store.put(board));

/** look: {agent, territory, id, at (ms), token_id, result, place}; kept in the order they were made; its place in it. */
export const keepLook = (look) => act("looks", "readwrite", (store) => store.add(look));
export const allLooks = () => act("looks", "readonly", (store) => store.getAll());
/** Write a look again, as `allLooks` gave it or with its `order`. */
export const changeLook = (look) => act("looks", "readwrite", (store) => store.put(look));
/** Forget a look by its place in the order. */
export const forgetLook = (order) => act("looks", "readwrite", (store) => store.delete(order));

export const getChoice = async (name) => (await act("choices", "readonly", (store) => store.get(name)))?.value;
export const keepChoice = (name, value) => act("choices", "readwrite", (store) => store.put({ name, value }));
