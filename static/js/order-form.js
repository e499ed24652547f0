// The form of an order saves itself when something in it changes, and shows what the server says of it: the sentence, the
// hours, what is wrong beside each field. Nothing here decides or words anything; without script the buttons do the same.

/** Ms without a change before what was typed is sent. */
const CALM_MS = 400;

/** Sends a form one save after the other, and puts what comes back in its place. */
class Saver {
  constructor(form) {
    this.form = form;
    this.status = document.getElementById("enregistre");
    this.running = null;
    this.waiting = null;
    form.addEventListener("change", (event) => event.target.name && this.later());
    // A text is saved while it is typed: a page that is closed by mistake loses nothing.
    form.addEventListener("input", (event) => event.target.name && this.later(CALM_MS * 4));
    form.addEventListener("submit", (event) => this.submit(event), true);
    document.addEventListener("click", (event) => this.follow(event));
    addEventListener("pagehide", () => this.waiting && fetch(form.action, { method: "POST", body: this.body(), keepalive: true }));
  }

  body() {
    const typed = new FormData(this.form);
    typed.set("act", "autosave");
    return new URLSearchParams(typed);
  }

  later(wait = CALM_MS) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.save(), wait);
  }

  /** Save once what is under way has come back: its answer says what the next save is written over. */
  async save() {
    this.waiting = null;
    while (this.running) await this.running;
    this.running = this.send();
    await this.running;
    this.running = null;
  }

  async send() {
    const { form, status } = this;
    status.textContent = form.dataset.saving;
    try {
      const answer = await fetch(form.action, { method: "POST", body: this.body() });
      if (answer.redirected || ![200, 409].includes(answer.status)) throw new Error(String(answer.status));
      this.show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (error) {
      status.textContent = form.dataset.failed;
      status.toggleAttribute("data-failed", true);
      console.warn(`order form: ${error.message}`);
    }
  }

  show(page) {
    this.status.toggleAttribute("data-failed", false);
    for (const old of document.querySelectorAll("[data-renewed]")) {
      const fresh = page.getElementById(old.id);
      // The summary of what is wrong belongs to a page that was refused: it goes with its last fault, and never comes by itself.
      if (old.id === "resume" && !old.firstElementChild) continue;
      if (fresh && !fresh.isEqualNode(old) && !old.contains(document.activeElement)) old.replaceChildren(...fresh.childNodes);
    }
    const seen = page.getElementById("seen").value;
    const clash = document.querySelector("#autre-version section");
    if (clash) this.offerChoice(clash, seen);
    else document.getElementById("seen").value = seen;
    this.showFaults(page);
  }

  /** Two clerks: until the person chooses, nothing is saved over the other text. Keeping one's own is a save over what is
   *  shown now. */
  offerChoice(clash, seen) {
    clash.scrollIntoView({ block: "nearest" });
    clash.querySelector('button[form="etape"]').addEventListener("click", () => {
      document.getElementById("seen").value = seen;
    });
  }

  /** Put the sentences of the fresh page beside the same fields here. */
  showFaults(page) {
    for (const field of this.form.querySelectorAll(".j-field")) {
      const control = field.querySelector("input, select, textarea");
      const twin = control && page.getElementById(control.id)?.closest(".j-field");
      if (!twin) continue;
      const fault = twin.querySelector(":scope > .j-field__error");
      field.querySelector(":scope > .j-field__error")?.remove();
      field.classList.toggle("j-field--error", fault !== null);
      if (fault) field.insertBefore(fault.cloneNode(true), field.querySelector(":scope > :not(label, legend, .j-field__hint)"));
      const [told, fresh] = field.matches("fieldset") ? [field, twin] : [control, page.getElementById(control.id)];
      for (const name of ["aria-invalid", "aria-describedby"]) {
        if (fresh.hasAttribute(name)) told.setAttribute(name, fresh.getAttribute(name));
        else told.removeAttribute(name);
      }
    }
  }

  /** A link waits for what was just typed: the page it leads to shows it. */
  async follow(event) {
    const link = event.target.closest("a[href]");
    const plain = !event.defaultPrevented && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || link.target || link.getAttribute("href").startsWith("#") || !(this.waiting || this.running)) return;
    event.preventDefault();
    clearTimeout(this.waiting);
    await this.save();
    if (!("failed" in this.status.dataset)) location.assign(link.href);
  }

  /** A button that leaves the page waits for the save under way; what it sends is the last word anyway. */
  submit(event) {
    clearTimeout(this.waiting);
    this.waiting = null;
    if (!this.running) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    this.running.then(() => {
      // This press was held back, so the next one is no double click (app.js).
      delete this.form.dataset.sent;
      this.form.requestSubmit(submitter);
    });
  }
}

/** Parts that another answer makes useless are hidden; the server does not count them either. */
function dependent(form) {
  const speed = form.querySelector("[data-when-speed]");
  const bound = form.querySelector("[data-when-some]");
  const show = () => {
    const { type, whom } = Object.fromEntries(new FormData(form));
    if (speed) speed.hidden = type !== "speedLimit";
    if (bound) bound.hidden = whom !== "some";
  };
  form.addEventListener("change", show);
  show();
}

const form = document.querySelector("form[data-saves]");
if (form) {
  new Saver(form);
  dependent(form);
}
