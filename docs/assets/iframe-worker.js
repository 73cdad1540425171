// Browsers start no worker on a page that is opened as a file. There, the script of the search runs in a hidden frame,
// with the calls of a worker. Material looks for the name IFrameWorker to find its scripts beside the page.
if (location.protocol === "file:") {
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      this.inside = frame.contentWindow
      const load = (source) =>
        new Promise((resolve, reject) => {
          const script = this.inside.document.createElement("script")
          Object.assign(script, { src: new URL(source, location), onload: resolve, onerror: reject })
          this.inside.document.body.append(script)
        })
      this.inside.importScripts = (...sources) =>
        sources.reduce((before, source) => before.then(() => load(source)), Promise.resolve())
      this.inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }))
      this.started = load(url)
    }

    postMessage(data) {
      this.started.then(() => this.inside.dispatchEvent(new this.inside.MessageEvent("message", { data })))
    }

    terminate() {
      this.inside.frameElement.remove()
    }
  }
}
