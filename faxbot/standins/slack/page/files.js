// Files in a conversation: an image, the first page of a PDF, or a card with name and size.
import { h, icon, iconButton } from "./dom.js";
import { makeDialog } from "./popup.js";

/** "18 KB", in units of 1000 bytes */
export function sizeText(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} bytes`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1000, "KB"] : [bytes / 1e6, "MB"];
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} ${unit}`;
}

const addressOf = (file) => file.page_url ?? `/_/file/${encodeURIComponent(file.id)}`;
const isPdf = (file) => file.mimetype === "application/pdf" || file.filetype === "pdf";
const isPicture = (file) => /^image\/(png|jpeg|gif|webp)$/.test(file.mimetype ?? "");
const isText = (file) => /^text\/plain/.test(file.mimetype ?? "") || file.filetype === "text";
const kindOf = (file) => file.pretty_type ?? (file.filetype ?? file.name?.split(".").at(-1) ?? "file").toUpperCase();
const title = (file) => file.title || file.name || "Untitled";

const pdfFrame = (file, className) => h("iframe", { class: className, src: `${addressOf(file)}#toolbar=0&navpanes=0&scrollbar=0&view=FitH`, title: `Preview of ${title(file)}`, tabindex: "-1", loading: "lazy" });

/** Show the whole file in a dialog. */
function openViewer(file) {
  const body = isPicture(file) ? h("img", { class: "viewer-image", src: addressOf(file), alt: title(file) })
    : h("iframe", { class: "viewer-frame", src: addressOf(file), title: title(file) });
  const dialog = makeDialog({ title: title(file), className: "dialog-viewer", body, onClose: () => dialog.dismiss(),
    head: h("a", { class: "icon-button", href: addressOf(file), download: file.name ?? "", "aria-label": `Download ${title(file)}`, title: "Download" }, icon("download")) });
  dialog.reveal();
}

function tombstone() {
  return h("div", { class: "file-gone" }, icon("trash", 16), "This file was deleted.");
}

function textPreview(file) {
  const box = h("pre", { class: "file-text" });
  fetch(addressOf(file)).then((response) => (response.ok ? response.text() : "")).then((text) => box.append(text.split("\n").slice(0, 8).join("\n").slice(0, 800))).catch(() => box.remove());
  return box;
}

function preview(file, open) {
  if (isPicture(file)) return h("button", { type: "button", class: "file-picture", "aria-label": `Open ${title(file)}`, on: { click: open } }, h("img", { src: addressOf(file), alt: title(file), loading: "lazy" }));
  if (isText(file)) return textPreview(file);
  if (!isPdf(file) || !navigator.pdfViewerEnabled) return null;
  return h("div", { class: "file-page" }, pdfFrame(file, "file-frame"), h("button", { type: "button", class: "file-cover", "aria-label": `Open ${title(file)}`, on: { click: open } }));
}

/** A file of a message. */
export function fileCard(file) {
  if (file.mode === "tombstone" || file.deleted) return tombstone();
  const viewable = isPicture(file) || (isPdf(file) && navigator.pdfViewerEnabled);
  const open = () => openViewer(file);
  const pages = file.pages ? ` · ${file.pages} ${file.pages === 1 ? "page" : "pages"}` : "";
  const name = viewable ? h("button", { type: "button", class: "file-name", on: { click: open } }, title(file)) : h("a", { class: "file-name", href: addressOf(file), download: file.name ?? "" }, title(file));
  return h("div", { class: "file", role: "group", "aria-label": `File ${title(file)}` },
    h("div", { class: "file-head" }, h("span", { class: `file-badge ${isPdf(file) ? "badge-pdf" : isPicture(file) ? "badge-image" : "badge-other"}` }, icon(isPicture(file) ? "image" : "file", 20)),
      h("div", { class: "file-words" }, name, h("div", { class: "file-meta" }, `${kindOf(file)} · ${sizeText(file.size)}${pages}`)),
      h("a", { class: "icon-button file-download", href: addressOf(file), download: file.name ?? "", "aria-label": `Download ${title(file)}`, title: "Download" }, icon("download"))),
    preview(file, open));
}

/** A file attached in the composer, uploading or uploaded. */
export function fileChip(entry, onRemove) {
  return h("li", { class: entry.error ? "file-chip failed" : "file-chip" }, h("span", { class: "file-badge badge-other" }, icon(entry.error ? "alert" : "file", 18)),
    h("span", { class: "file-words" }, h("span", { class: "file-chip-name" }, entry.name), h("span", { class: "file-meta" }, entry.error ?? (entry.id ? sizeText(entry.size) : "Uploading…"))),
    iconButton("x", `Remove ${entry.name}`, onRemove));
}
