/** The look of the page, as text: light and dark by the reader's own setting, colours of at least 4.5 to 1, everything on paper. */
export const style = `
:root{color-scheme:light dark;--page:#f5f7fa;--card:#fff;--ink:#1b2129;--soft:#525c69;--edge:#d3dae3;--deep:#eef1f5;--link:#0858c4;
--good:#156b33;--good-b:#ddf5e4;--bad:#b5121d;--bad-b:#ffe7e6;--unsure:#7d4a00;--unsure-b:#fff3d0;--set:#0a53b5;--set-b:#e0eeff;--aside:#525c69;--aside-b:#e8ecf1;--on:#fff}
@media screen and (prefers-color-scheme:dark){:root{--page:#0e1218;--card:#171c24;--ink:#e6ebf1;--soft:#a3aebb;--edge:#303945;--deep:#1f2630;--link:#79b6ff;
--good:#56d27a;--good-b:#12301d;--bad:#ff8a84;--bad-b:#3d1618;--unsure:#ecbb52;--unsure-b:#362a0c;--set:#7db8ff;--set-b:#13294a;--aside:#a3aebb;--aside-b:#262e39;--on:#0e1218}}
.good{--c:var(--good);--b:var(--good-b)}.bad{--c:var(--bad);--b:var(--bad-b)}.unsure{--c:var(--unsure);--b:var(--unsure-b)}.set{--c:var(--set);--b:var(--set-b)}.aside{--c:var(--aside);--b:var(--aside-b)}
*{box-sizing:border-box}
html{scroll-padding-top:64px;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif}
.w{max-width:1120px;margin:0 auto;padding:0 24px}
code,pre,.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.9em}
p code,li code,dd code,h4 code,td code{background:var(--deep);border-radius:4px;padding:.1em .35em;overflow-wrap:anywhere}
small{font-size:.8125rem;color:var(--soft);font-weight:400}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
h1,h2,h3,h4,p,ul,ol,dl,dd{margin:0}
ul,ol{padding:0;list-style:none}
h2{font-size:1.375rem;line-height:1.25;margin:0 0 16px}
h3{font-size:1.0625rem;line-height:1.4}h4{font-size:1rem;line-height:1.4;overflow-wrap:anywhere}
main>section{padding-top:40px}main:focus{outline:none}
.muted{color:var(--soft)}
.defs,.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px;top:8px;background:var(--card);padding:8px 16px;z-index:3}.skip:focus{left:8px}
.m{width:1em;height:1em;flex:none;vertical-align:-.125em;margin-right:.45em}
.f,.solid{fill:var(--c)}.s{fill:none;stroke:var(--on);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.o{fill:none;stroke:var(--c);stroke-width:1.8}.ot{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.b{display:inline-flex;align-items:center;white-space:nowrap;color:var(--c);background:var(--b);border-radius:99px;padding:1px 10px 1px 7px;font-size:.8125rem;font-weight:600;line-height:1.5}
.top{background:linear-gradient(var(--b),var(--page));border-top:6px solid var(--c);padding:32px 0 16px}
h1{font-size:1rem}.eyebrow{display:block;color:var(--soft);font-weight:500;overflow-wrap:anywhere}
.word{display:flex;align-items:center;color:var(--c);font-size:2.5rem;line-height:1.2;letter-spacing:-.02em}.word .m{margin-right:.3em;width:.85em;height:.85em}
.lead{font-size:1.25rem;line-height:1.45;max-width:62ch;margin-top:8px;overflow-wrap:anywhere}.lead code{background:var(--card);-webkit-box-decoration-break:clone;box-decoration-break:clone}.check details{margin-top:14px;border-top:1px solid var(--edge);padding-top:10px}
.numbers{display:flex;gap:32px;align-items:center;background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:20px 24px;margin:24px 0 20px}
.grow{flex:1;min-width:0}
.ring{position:relative;width:132px;height:132px;flex:none}.ring svg{width:100%;height:100%}.ring p{position:absolute;inset:0;display:flex;flex-direction:column;align-items:center;justify-content:center;line-height:1.2}.ring b{font-size:1.5rem;letter-spacing:-.02em}.ring span{font-size:.8125rem;color:var(--soft)}
.track{fill:var(--deep)}.ring .track,.arc{fill:none;stroke-width:12}.ring .track{stroke:var(--aside-b)}.ring.bad .track{stroke:var(--bad)}.ring.unsure .track{stroke:var(--unsure)}.arc{stroke:var(--good)}
.bar{display:block;width:100%;height:12px;border-radius:6px;background:var(--deep)}.bar rect{fill:var(--c);stroke:var(--card);stroke-width:2;vector-effect:non-scaling-stroke}
.counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(118px,1fr));gap:14px 16px;margin-top:16px}
.counts dt{font-weight:600;font-size:.875rem;display:flex;align-items:center}.counts b{display:block;font-size:1.75rem;line-height:1.2;color:var(--c)}.counts small{display:block;line-height:1.35}
.zero .m{--c:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:6px 28px;font-size:.875rem}.facts div{display:flex;gap:.5em;min-width:0}.facts dt{color:var(--soft)}.facts dd{overflow-wrap:anywhere}
nav{position:sticky;top:0;background:var(--page);border-bottom:1px solid var(--edge);z-index:2}
nav ul{display:flex;gap:4px;overflow-x:auto}nav a{display:block;padding:12px;color:var(--ink);text-decoration:none;white-space:nowrap;font-size:.9375rem}nav a:hover{color:var(--link);text-decoration:underline}nav li:first-child a{margin-left:-12px}nav a:focus-visible{outline-offset:-3px}
.check{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:18px 22px;margin-bottom:16px}.check>p{margin-top:4px;max-width:80ch}
.finding{border-top:1px solid var(--edge);margin-top:14px;padding-top:14px}.finding p,.card p{margin-top:6px;overflow-wrap:anywhere}
.cards{display:grid;grid-template-columns:minmax(0,1fr);gap:12px}.card{background:var(--card);border:1px solid var(--edge);border-left:5px solid var(--c);border-radius:8px;padding:14px 18px}
.copy{position:relative;margin-top:10px}.copy pre{margin:0;background:var(--deep);border:1px solid var(--edge);border-radius:8px;padding:34px 16px 14px;overflow:auto;max-height:420px;line-height:1.5}
pre code{background:none!important;padding:0!important}.lang{position:absolute;left:16px;top:9px;font-size:.75rem;color:var(--soft)}
button{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:3px 12px;cursor:pointer;min-height:26px}button:hover{border-color:var(--link);color:var(--link)}
.do-copy{position:absolute;right:8px;top:6px;font-size:.8125rem}
.steps{counter-reset:step;display:grid;grid-template-columns:minmax(0,1fr);gap:14px}.steps>li{counter-increment:step;position:relative;padding-left:40px}.steps>li:before{content:counter(step);position:absolute;left:0;top:0;width:26px;height:26px;border-radius:50%;background:var(--ink);color:var(--page);text-align:center;line-height:26px;font-size:.875rem;font-weight:600}
.key{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:.875rem;margin-top:6px}.key li{display:flex;align-items:center}.key svg{width:14px;height:14px;margin-right:.4em}.key .dots{margin-left:-2px}
.map{display:flex;flex-wrap:wrap;gap:14px;margin-top:14px;align-items:flex-start}
.map li{line-height:0}.box{font-family:inherit}.card,.box .card{fill:var(--card)}.box .card{stroke:var(--edge)}.edge{fill:var(--c)}.box text{fill:var(--ink);font-size:13px}.box .ns{font-weight:600;font-size:14px}.box .small{fill:var(--soft);font-size:11.5px}.end{text-anchor:end}
.node{fill:var(--b);stroke:transparent}.box a:hover .node,.box a:focus-visible .node{stroke:var(--c);stroke-width:2}.box a:focus-visible{outline:none}.box a:focus-visible .node{stroke:var(--link);stroke-width:3}
.p{fill:var(--c)}.hollow{fill:none;stroke:var(--c);stroke-width:1.6}
.filters{display:flex;flex-wrap:wrap;gap:10px 20px;align-items:end;margin-bottom:14px}.filters[hidden]{display:none}.filters>label{display:grid;gap:3px;font-size:.8125rem;color:var(--soft)}
input[type=search],select{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--soft);border-radius:6px;padding:5px 10px;height:36px}input[type=search]{width:290px;max-width:100%}
input::placeholder{color:var(--soft);opacity:1}
fieldset{border:0;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:6px}legend{font-size:.8125rem;color:var(--soft);padding:0;margin-bottom:3px}
.chip{display:inline-flex;align-items:center;gap:2px;border:1px solid var(--edge);background:var(--card);border-radius:99px;padding:0 14px 0 8px;height:36px;font-size:.875rem;cursor:pointer}.chip input{margin:0 7px 0 2px;width:16px;height:16px;accent-color:var(--link)}
#count{color:var(--soft);font-size:.875rem;line-height:36px}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--edge);border-radius:12px}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{text-align:left;vertical-align:top;padding:9px 14px;border-top:1px solid var(--edge)}thead th{border-top:0;background:var(--deep);color:var(--soft);font-weight:600;white-space:nowrap}
tbody th{font-weight:600;overflow-wrap:anywhere}td small,th small{display:block}tbody tr:hover{background:var(--deep)}tr:target{background:var(--set-b);outline:2px solid var(--link);outline-offset:-2px}
#rows td:first-child{color:var(--c);font-weight:600;white-space:nowrap}#rows td:nth-child(3){white-space:nowrap}#rows td:last-child{min-width:230px}#rows td:nth-child(5){min-width:190px}
thead button{background:none;border:0;padding:0;font-weight:inherit;color:inherit}thead button:after{content:"\\2195";opacity:.7;margin-left:.4em}[aria-sort=ascending] button:after{content:"\\2191";opacity:1}[aria-sort=descending] button:after{content:"\\2193";opacity:1}
time{color:var(--soft);font-size:.8125rem;white-space:nowrap}.more{margin-top:12px}
.time-line{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:6px 22px;margin-top:14px}
.stage,.step{display:grid;grid-template-columns:190px 1fr 92px;gap:2px 16px;align-items:center;padding:10px 0}.stage+.stage{border-top:1px solid var(--edge)}.stage>ol{grid-column:1/-1}.stage p{grid-column:2/-1;font-size:.875rem;color:var(--soft);overflow-wrap:anywhere}
.step{padding:3px 0;font-size:.875rem}.step .what{padding-left:26px}.time{text-align:right;font-variant-numeric:tabular-nums;font-size:.875rem}
.gantt{width:100%;height:12px;border-radius:6px}.step .gantt{height:8px}.run{fill:var(--link)}.failed .run{fill:var(--bad)}.step .run{fill:var(--soft)}
.tag{font-size:.75rem;color:var(--set);background:var(--set-b);border-radius:99px;padding:1px 9px;white-space:nowrap}
summary{cursor:pointer;padding:4px 0;font-weight:500}details .scroll{margin-top:10px}
.notes{list-style:disc;padding-left:20px}.notes li{margin:4px 0;overflow-wrap:anywhere}
footer.w{padding-top:48px;padding-bottom:40px;color:var(--soft);font-size:.8125rem}
@media (max-width:720px){.w{padding:0 16px}.numbers{flex-direction:column;align-items:stretch;gap:16px;padding:18px}.ring{margin:0 auto}.counts{grid-template-columns:1fr 1fr}.map li,.box{width:100%}.box{height:auto}.stage,.step{grid-template-columns:1fr auto}.gantt{grid-column:1/-1;grid-row:2}.stage p{grid-column:1/-1}.step .what{padding-left:12px}input[type=search]{width:100%}.filters>label:first-child{width:100%}
#rows thead{display:none}#rows,#rows tbody,#rows tr,#rows td,#rows th{display:block}#rows tr[hidden]{display:none}#rows tr{padding:10px 14px;border-top:1px solid var(--edge)}#rows td,#rows th{border:0;padding:2px 0;min-width:0!important}#rows td:nth-child(n+3){display:flex;gap:10px;flex-wrap:wrap}#rows td:nth-child(n+3):before{color:var(--soft);width:82px;flex:none}#rows td:nth-child(3):before{content:"Port"}#rows td:nth-child(4):before{content:"Configured"}#rows td:nth-child(5):before{content:"Decided by"}#rows td:nth-child(6):before{content:"Observed"}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--edge:#bbb;--deep:#f3f3f3;color-scheme:light}nav,.filters,.do-copy,.skip,.more{display:none!important}.top{background:none;padding-top:0}body{font-size:11pt}.check,.finding,.card,tr,.box,.stage{break-inside:avoid}h2,h3{break-after:avoid}.scroll,.copy pre{overflow:visible;max-height:none;white-space:pre-wrap}.scroll{white-space:normal}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}details::details-content{content-visibility:visible}}
`
