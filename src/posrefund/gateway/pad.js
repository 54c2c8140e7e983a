// A box to draw in, with finger, pen or mouse. What is handed in are the points of 384 x 128 that the pen went over.
function drawingPad(canvas, changed) {
  const across = 384, down = 128, most = 4000, inkMost = 12000, strokesMost = 256;
  let strokes = [], points = 0, ink = 0, pen = null;
  canvas.width = 2 * across; canvas.height = 2 * down;
  const paint = canvas.getContext("2d");
  Object.assign(paint, { lineWidth: 4, lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
  const place = (event) => {
    const box = canvas.getBoundingClientRect(), inside = (value, side) => Math.max(0, Math.min(side - 1, Math.round(value)));
    return [inside((event.clientX - box.left) * across / box.width, across), inside((event.clientY - box.top) * down / box.height, down)];
  };
  const step = (from, to) => Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
  const line = (from, to) => { paint.beginPath(); paint.moveTo(2 * from[0], 2 * from[1]); paint.lineTo(2 * to[0], 2 * to[1]); paint.stroke(); };
  function add(at) {
    const stroke = strokes[strokes.length - 1], last = stroke[stroke.length - 1], more = step(last, at);
    if (!more || points >= most || ink + more > inkMost) return;
    stroke.push(at); points += 1; ink += more; line(last, at); changed(ink);
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (pen !== null || event.button || strokes.length >= strokesMost || points >= most) return;
    event.preventDefault();
    pen = event.pointerId; canvas.setPointerCapture(pen);
    const at = place(event);
    strokes.push([at]); points += 1; line(at, at);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of all.length ? all : [event]) add(place(each));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(name, (event) => { if (event.pointerId === pen) pen = null; });
  return {
    get strokes() { return strokes; },
    get isSigned() { return ink >= 16; },
    clear() { strokes = []; points = ink = 0; pen = null; paint.clearRect(0, 0, canvas.width, canvas.height); changed(0); },
  };
}
