// The file_input element of a modal: choose or drop files, which are uploaded immediately and listed.
import { h, icon, iconButton } from "./dom.js";
import { sizeText } from "./files.js";

/** *onChange* is called with the list of {name, size, id?, error?}; an entry has an id after its upload. */
export function fileInput(element, { upload, labelledby, describedby, before, onChange }) {
  const limit = element.max_files ?? 10;
  let shown = before ?? [];
  const accept = (element.filetypes ?? []).map((type) => `.${type}`).join(",");
  const input = h("input", { type: "file", class: "visually-hidden", multiple: limit > 1, accept: accept || null, "aria-labelledby": labelledby, "aria-describedby": describedby });
  const list = h("ul", { class: "upload-list" });
  const zone = h("label", { class: "dropzone" }, input, icon("clip"), h("span", {}, h("b", {}, limit > 1 ? "Choose files" : "Choose a file"), " or drop here"));
  const node = h("div", { class: "file-input" }, zone, list);

  function paint() {
    onChange(shown);
    zone.hidden = shown.length >= limit;
    list.replaceChildren(...shown.map((entry) => h("li", { class: entry.error ? "upload failed" : "upload" }, icon(entry.error ? "alert" : "file", 20),
      h("span", { class: "upload-name" }, entry.name), h("span", { class: "upload-note" }, entry.error ?? (entry.id ? sizeText(entry.size) : "Uploading…")),
      iconButton("x", `Remove ${entry.name}`, () => { shown = shown.filter((one) => one !== entry); paint(); }))));
  }

  async function add(files) {
    const fresh = [...files].slice(0, limit - shown.length).map((file) => ({ name: file.name, size: file.size, file }));
    shown = [...shown, ...fresh];
    paint();
    await Promise.all(fresh.map(async (entry) => {
      const answer = await upload([entry.file]);
      if (answer.ok) entry.id = answer.files[0].id;
      else entry.error = answer.message ?? "Could not be uploaded";
    }));
    paint();
  }

  input.addEventListener("change", () => { add(input.files); input.value = ""; });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); event.stopPropagation(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => { event.preventDefault(); event.stopPropagation(); zone.classList.remove("over"); add(event.dataTransfer.files); });
  paint();
  return node;
}
