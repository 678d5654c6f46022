// Buttons that copy the text of a field. Without this module they stay hidden: the field can be copied by hand.

/** Put the field's text into the clipboard; whether that was possible. */
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Pages without https have no clipboard, and a browser may refuse; what is selected can be copied by keyboard.
    field.select();
    return false;
  }
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const status = button.closest(".copying").querySelector("[role=status]");
  const said = () => {
    status.textContent = "";
  };
  let timer;
  button.addEventListener("click", async () => {
    clearTimeout(timer);
    said(); // a screen reader announces a change only: the second copy is one too
    const done = await copy(field);
    status.textContent = done ? "Copied" : "Selected: copy it with Ctrl+C, or ⌘C on a Mac";
    timer = setTimeout(said, 10_000);
  });
  field.addEventListener("focus", () => field.select());
  button.hidden = false;
}
