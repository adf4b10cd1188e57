// Painter: draws the points with WebGL, in slices, and knows nothing of classes, pages or pointers.

const VERTEX_SHADER = `
attribute vec2 place;
attribute vec4 look;             // class, column, split, selected: each 0 to 255
uniform vec2 centre, zoom;       // camera: clip = (place - centre) * zoom
uniform vec2 shownSplits;        // train, test: 1 shown, 0 hidden
uniform float row, hidingRow;    // palette row to colour by, and the one that says what is hidden
uniform float selecting;         // 1 while there is a selection
uniform float size, alpha;
uniform vec3 grey;
uniform sampler2D palette;       // row 0: classes, row 1: values of the column; alpha 0 = hidden, below 1 = pale
varying vec4 colour;
varying float radius;
vec4 entry(float at) {
  return texture2D(palette, vec2(((at < 0.5 ? look.x : look.y) + 0.5) / 256.0, at < 0.5 ? 0.25 : 0.75));
}
void main() {
  vec4 tint = entry(row);
  bool test = look.z > 0.5;
  bool pale = tint.a < 0.9;
  bool rest = selecting > 0.5 && look.w < 0.5;
  bool hidden = entry(hidingRow).a < 0.5 || (test ? shownSplits.y : shownSplits.x) < 0.5;
  float diameter = size * (test && !pale ? 1.35 : 1.0);
  // Depth keeps test points above train points and the selection above the rest, whatever the order of
  // drawing: a prefix can be completed later without starting over.
  float depth = 0.3 - (test ? 0.2 : 0.0) + (pale ? 0.25 : 0.0) + (rest ? 0.4 : 0.0);
  gl_Position = hidden ? vec4(2.0, 2.0, 2.0, 1.0) : vec4((place - centre) * zoom, depth, 1.0);
  gl_PointSize = diameter + 1.0;
  radius = diameter * 0.5;
  colour = rest ? vec4(grey, alpha * 0.6) : vec4(tint.rgb, pale ? alpha * 0.4 : min(1.0, alpha * (test ? 1.25 : 1.0)));
}`;

const FRAGMENT_SHADER = `
precision mediump float;
varying vec4 colour;
varying float radius;
void main() {
  float cover = clamp(radius + 0.5 - length(gl_PointCoord - 0.5) * (2.0 * radius + 1.0), 0.0, 1.0);
  // Faint rims are dropped: they would write depth, and leave holes in what is drawn later.
  if (cover < 0.3) discard;
  float a = colour.a * cover;
  gl_FragColor = vec4(colour.rgb * a, a);
}`;

class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    // The buffer is preserved so that slices add up over several frames, and so that tests can read it.
    const wish = { antialias: false, depth: true, alpha: true, preserveDrawingBuffer: true };
    this.gl = canvas.getContext("webgl", wish);
    if (!this.gl) throw new MapError("This map needs WebGL, which this browser does not offer: turn it on.", false);
    this.build();
  }

  /** Make program, buffers and texture; called again after a lost context has come back. */
  build() {
    const gl = this.gl;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      gl.deleteShader(shader); // stays alive as long as the program needs it
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new MapError("This browser's WebGL cannot draw the map: try another browser.", false);
    }
    gl.useProgram(program);
    this.program = program;
    this.uniforms = {};
    for (const name of ["centre", "zoom", "shownSplits", "row", "hidingRow", "selecting", "size", "alpha", "grey"]) {
      this.uniforms[name] = gl.getUniformLocation(program, name);
    }
    this.places = gl.createBuffer();
    this.looks = gl.createBuffer();
    this.palette = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA); // colours are premultiplied
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
  }

  /** Hand over the points; they stay on the graphics card until the next call. */
  setPlaces({ xy }) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.places);
    gl.bufferData(gl.ARRAY_BUFFER, xy, gl.DYNAMIC_DRAW);
    this.bind("place", 2, gl.FLOAT);
  }

  /** Refresh the per-point bytes; `column` and `selected` are null or one byte a point. */
  setLooks({ n, classes, splits }, column, selected) {
    const gl = this.gl;
    const looks = new Uint8Array(4 * n);
    for (let i = 0; i < n; i++) {
      looks[4 * i] = classes[i];
      looks[4 * i + 1] = column ? column[i] : 255;
      looks[4 * i + 2] = splits[i];
      if (selected) looks[4 * i + 3] = selected[i];
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.looks);
    gl.bufferData(gl.ARRAY_BUFFER, looks, gl.DYNAMIC_DRAW);
    this.bind("look", 4, gl.UNSIGNED_BYTE);
    gl.uniform1f(this.uniforms.selecting, selected ? 1 : 0);
  }

  bind(name, size, type) {
    const place = this.gl.getAttribLocation(this.program, name);
    this.gl.enableVertexAttribArray(place);
    this.gl.vertexAttribPointer(place, size, type, false, 0, 0);
  }

  /** Set colours: `tints` is 256 x 2 RGBA bytes, `grey` the colour of points outside a selection. */
  setColours(tints, grey, { row, hidingRow }, shownSplits) {
    const gl = this.gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 2, 0, gl.RGBA, gl.UNSIGNED_BYTE, tints);
    gl.uniform3f(this.uniforms.grey, ...grey.map((v) => v / 255));
    gl.uniform1f(this.uniforms.row, row);
    gl.uniform1f(this.uniforms.hidingRow, hidingRow);
    gl.uniform2f(this.uniforms.shownSplits, ...shownSplits.map(Number));
  }

  /** Wipe the picture and take the camera of the next slices. Lengths in device pixels. */
  begin(camera, density, size, alpha) {
    const gl = this.gl, { width, height } = this.canvas;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform2f(this.uniforms.centre, camera.x, camera.y);
    gl.uniform2f(this.uniforms.zoom, (2 * camera.scale * density) / width, (2 * camera.scale * density) / height);
    gl.uniform1f(this.uniforms.size, size * density);
    gl.uniform1f(this.uniforms.alpha, alpha);
  }

  /** Draw points from `start`, wait until they are there, and return how many milliseconds that took. */
  drawSlice(start, count) {
    const gl = this.gl, began = performance.now();
    gl.drawArrays(gl.POINTS, start, count);
    // Reading a pixel waits for the graphics card. Without it a slow one would pile up slices, and the
    // page would freeze although every call returned at once.
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - began;
  }

  dispose() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
