// An LSTM cell of one unit to play with: see cell_explorer.py. No library, no network, no kernel.
(function () {
  "use strict";

  const GATES = { i: 0, f: 1, g: 2, o: 3 }; // columns, in Keras's order
  const sigmoid = (z) => 0.5 * (1 + Math.tanh(z / 2));

  // One step; `held` may fix the value of a gate.
  function step(model, [a, b], h, c, held) {
    const z = (gate) => {
      const k = GATES[gate];
      return a * model.kernel[0][k] + b * model.kernel[1][k] + h * model.recurrent[k] + model.bias[k];
    };
    const gate = (name) => (name in held ? held[name] : sigmoid(z(name)));
    const v = { a, b, h_prev: h, c_prev: c, f: gate("f"), i: gate("i"), g: Math.tanh(z("g")), o: gate("o") };
    v.kept = v.f * c;
    v.added = v.i * v.g;
    v.c = v.kept + v.added;
    v.tanh_c = Math.tanh(v.c);
    v.h = v.o * v.tanh_c;
    v.z = { f: z("f"), i: z("i"), g: z("g"), o: z("o") };
    return v;
  }

  // All steps from a state of zeros; `held` has one object per step.
  function run(model, bits, held) {
    const steps = [];
    let h = 0, c = 0;
    bits.forEach((pair, t) => {
      steps.push(step(model, pair, h, c, held[t]));
      h = steps[t].h;
      c = steps[t].c;
    });
    return steps;
  }

  if (typeof document === "undefined") {
    module.exports = { run };
    return;
  }

  const WHOLE = ["a", "b"];
  const VALUES_OF_STAGE = {
    2: ["a", "b", "h_prev", "c_prev", "f", "kept"],
    3: ["i", "g", "added", "c"],
    4: ["o", "tanh_c", "h"],
  };
  const signed = (x, text) => `${x < 0 ? "−" : "+"} ${text(Math.abs(x))}`;
  const two = (x) => (Math.abs(x) < 0.005 ? 0 : x).toFixed(2);

  function element(tag, attributes, parent, text) {
    const made = document.createElement(tag);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  function start(root) {
    const model = JSON.parse(root.dataset.model);
    const original = JSON.stringify(model.bits);
    let bits = JSON.parse(original), held = bits.map(() => ({})), t = 0, stage = 2;
    root.dataset.live = "yes";
    root.querySelector(".still").remove();
    const svg = root.querySelector("svg");

    element("style", {}, root, `
      .cell-explorer { background: white; color: black; padding: 8px; max-width: 780px; font: 15px sans-serif; }
      .cell-explorer svg { max-width: 100%; height: auto; }
      .cell-explorer button, .cell-explorer select { font: inherit; padding: 4px 10px; margin: 2px; color: black; background: white; border: 1px solid #555; border-radius: 4px; }
      .cell-explorer button:disabled { color: #767676; border-color: #ccc; }
      .cell-explorer :focus-visible { outline: 3px solid #0072B2; outline-offset: 1px; }
      .cell-explorer table { border-collapse: collapse; margin: 8px 0; }
      .cell-explorer th, .cell-explorer td { text-align: center; padding: 2px 6px; background: white; color: black; }
      .cell-explorer label { margin-right: 14px; white-space: nowrap; }
      .cell-explorer .now { background: #fdf0d5; }
      .cell-explorer .wrong { color: #b30000; font-weight: bold; }
      .cell-explorer [role=status] { min-height: 4.2em; margin: 6px 0; line-height: 1.4; }`);

    const bar = element("div", { role: "group", "aria-label": "steps" }, root);
    const back = element("button", { type: "button" }, bar, "◀ back");
    const forth = element("button", { type: "button" }, bar, "forward ▶");
    const reset = element("button", { type: "button" }, bar, "reset");
    const status = element("div", { role: "status", "aria-live": "polite" }, root);

    const gates = element("div", { role: "group", "aria-label": "gates at this step" }, root);
    const selects = {};
    [["f", "forget gate"], ["i", "input gate"], ["o", "output gate"]].forEach(([gate, title]) => {
      const label = element("label", {}, gates, `${title} `);
      const select = element("select", {}, label);
      [["", "computed"], ["0", "held at 0"], ["1", "held at 1"]].forEach(([value, text]) =>
        element("option", { value }, select, text));
      select.addEventListener("change", () => {
        if (select.value === "") delete held[t][gate];
        else held[t][gate] = Number(select.value);
        show();
      });
      selects[gate] = select;
    });

    const table = element("table", {}, root);
    element("caption", {}, table, "All steps, least significant bit first. Press a bit to change it.");
    const names = ["step", "a", "b", "cell state c", "output h", "carry remembered", "true carry"];
    const rows = names.map((name) => {
      const row = element("tr", {}, table);
      element("th", { scope: "row" }, row, name);
      return bits.map((_, u) => element("td", {}, row));
    });
    bits.forEach((_, u) => {
      rows[0][u].textContent = u;
      [0, 1].forEach((k) => {
        const button = element("button", { type: "button" }, rows[1 + k][u]);
        button.addEventListener("click", () => { bits[u][k] = 1 - bits[u][k]; t = u; stage = 2; show(); });
      });
    });

    function move(by) {
      const place = Math.min(Math.max(3 * t + stage - 2 + by, 0), 3 * bits.length - 1);
      t = Math.floor(place / 3);
      stage = 2 + (place % 3);
      show();
    }

    function sentence(v) {
      const weighted = (gate) => {
        const k = GATES[gate];
        const one = (size) => size.toFixed(1);
        return `${one(model.kernel[0][k])}·${v.a} ${signed(model.kernel[1][k], one)}·${v.b} `
          + `${signed(model.recurrent[k], one)}·${two(v.h_prev)} ${signed(model.bias[k], one)}`;
      };
      const told = (gate, squash) => gate in held[t]
        ? `${gate} is held at ${held[t][gate]}`
        : `${gate} = ${squash}(${weighted(gate)}) = ${squash}(${two(v.z[gate])}) = ${two(v[gate])}`;
      if (stage === 2) return `Forget gate: ${told("f", "σ")}. Of the old cell state ${two(v.c_prev)} it keeps f·c = ${two(v.kept)}.`;
      if (stage === 3) return `Input gate: ${told("i", "σ")}. Candidate: ${told("g", "tanh")}. `
        + `The new cell state is ${two(v.kept)} + ${two(v.i)}·${two(v.g)} = ${two(v.c)}.`;
      return `Output gate: ${told("o", "σ")}. The output is ${two(v.o)}·tanh(${two(v.c)}) = ${two(v.h)}.`;
    }

    function show() {
      const steps = run(model, bits, held), v = steps[t];
      const known = [2, 3, 4].filter((k) => k <= stage).flatMap((k) => VALUES_OF_STAGE[k]);
      svg.querySelectorAll("[data-value]").forEach((text) => {
        const name = text.dataset.value, symbol = text.dataset.symbol;
        const number = WHOLE.includes(name) ? String(v[name]) : two(v[name]);
        text.textContent = known.includes(name) ? (symbol ? `${symbol} = ${number}` : number) : symbol;
        text.setAttribute("font-weight", (VALUES_OF_STAGE[stage] || []).includes(name) ? "bold" : "normal");
      });
      svg.querySelectorAll("[data-stage]").forEach((group) =>
        group.setAttribute("opacity", Number(group.dataset.stage) <= stage ? 1 : 0.25));
      const spoken = `Step ${t}, ${["forget", "write", "output"][stage - 2]}. ${sentence(v)}`;
      status.textContent = spoken;
      svg.setAttribute("aria-label", `The LSTM cell. ${spoken}`);
      Object.entries(selects).forEach(([gate, select]) => {
        select.value = gate in held[t] ? String(held[t][gate]) : "";
      });
      let carry = 0;
      steps.forEach((s, u) => {
        carry = s.a + s.b + carry > 1 ? 1 : 0;
        const remembered = s.h > Math.tanh(1) / 2 ? 1 : 0;
        [0, 1].forEach((k) => {
          const button = rows[1 + k][u].firstChild;
          button.textContent = bits[u][k];
          button.setAttribute("aria-label", `step ${u}, bit ${k ? "b" : "a"}: ${bits[u][k]}, press to change`);
        });
        [[3, two(s.c)], [4, two(s.h)], [5, remembered], [6, carry]].forEach(([k, text]) => (rows[k][u].textContent = text));
        rows[5][u].classList.toggle("wrong", remembered !== carry);
        if (remembered !== carry) rows[5][u].textContent = `${remembered} ✗`;
        rows.forEach((row) => row[u].classList.toggle("now", u === t));
      });
      back.disabled = t === 0 && stage === 2;
      forth.disabled = t === bits.length - 1 && stage === 4;
    }

    back.addEventListener("click", () => move(-1));
    forth.addEventListener("click", () => move(1));
    reset.addEventListener("click", () => {
      bits = JSON.parse(original);
      held = bits.map(() => ({}));
      t = 0;
      stage = 2;
      show();
    });
    root.addEventListener("keydown", (event) => {
      if (event.target.tagName === "SELECT") return;
      if (event.key === "ArrowLeft") move(-1);
      else if (event.key === "ArrowRight") move(1);
      else return;
      event.preventDefault();
      event.stopPropagation(); // JupyterLab would take the key for itself
    });
    show();
  }

  document.querySelectorAll(".cell-explorer:not([data-live])").forEach(start);
})();
