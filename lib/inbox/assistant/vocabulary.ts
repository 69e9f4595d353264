/**
 * What short customer questions are made of, in the languages most of them come in (English, German, French, Spanish,
 * Italian, Portuguese, Dutch). All folded: no accents, lower case. Words of other languages simply count as themselves.
 */

/** What a question asks about, in all its wordings. "x*": any word that begins so; "*x": that ends so, as German compounds do. */
const concepts: Record<string, string> = {
  price:
    "price* pricing cost costs costing costed fee fees charge charges charged expensive cheap rate rates preis* *preis *preise *kosten kosten kostet koste teuer gunstig gebuhr* prix tarif* cout coute coutent couter precio* cuesta cuestan costo costos coste costes tarifa* caro cara quanto costa costano prezzo prezzi preco precos custa custam valor kost prijs prijzen",
  hours:
    "open opened opens opening close closes closed closing hours hour offnung* geoffnet offen geschlossen *zeiten horaire* ouvert* ouvre* ferme* fermeture horario* abierto* abre abren abris cerrado* cierra* cierran orari* aperto aperti aperta apre aprite chiuso chiude aberto abertos fecha funcionamento openingstijden gesloten",
  place:
    "address location located locations directions adresse standort anfahrt situe* trouve direccion ubicacion ubicado ubicados indirizzo dove* endereco localizacao morada adres gevestigd",
  ship: "ship ships shipped shipping shipment* deliver* dispatch* postage versand* versenden verschick* verschicken liefer* livr* expedi* envio* envia* enviar envian entreg* spedi* consegn* verzend* verzenden bezorg* levering lever leveren",
  back: "return* refund* exchange exchanges exchanged ruckgabe* zuruckgeben zuruckschicken umtausch* umtauschen erstatt* widerruf* rembours* echange* retour* devolucion* devolver reembols* cambio cambios reso resi rimbors* restituire devolucao devolucoes troca trocas terugsturen terugbetal* ruilen",
  pay: "pay pays paid paying payment* card cards credit cash paypal bezahl* zahl zahle zahlen zahlung* *karte kreditkarte* bar* paiement* payer payez carte cartes pago pagos pagar tarjeta* efectivo pagamento* pagare carta contanti cartao cartoes betal* pinnen",
  book: "book booking* bookings reserve reserv* appointment* termin termine buch buche buchen buchung* rendez* rdv cita citas prenot* appuntament* agendar marcar marcacao consulta afspraak afspraken boek boeken",
  cancel: "cancel* storn* absag* absagen kundig* annul* annulla* disdire disdetta",
  discount:
    "discount* coupon* voucher* promo* rabatt* gutschein* reduction* remise* descuento* cupon* cupom sconto sconti buono desconto* korting*",
  contact:
    "contact* phone telephone call email mail kontakt* telefon* anrufen erreich* erreichen joindre telephone appeler contacto* llamar telefono correo contatt* chiamare contato contatos bellen telefoonnummer",
  size: "size sizes sizing grosse grossen gross taille tailles talla tallas taglia taglie tamanho tamanhos maat maten",
  stock:
    "stock available availability sold lieferbar verfugbar* vorratig *lager dispo disponible* disponib* stock agotado disponivel esaurito voorraad beschikbaar leverbaar",
  parking:
    "park parking parked parken parkplatz* parkplatze parkhaus parkhaeuser garer aparcar aparcamiento estacionar* estacionamiento parcheggi* parkeren",
  warranty: "warranty guarantee garantie* gewahrleistung garantia* garanzia",
  job: "job jobs hiring vacancy vacancies stelle stellen bewerb* emploi empleo trabajo lavoro emprego vaga vagas vacature*",
};

/** Wordings of more than one word, found before the words are told apart. */
const phrases: [RegExp, string][] = [
  [/\b(?:how much|how expensive|wie ?viel|wie teuer|combien|cuanto vale|cuanto sale|hoeveel)\b/g, "price"],
  [
    /\b(?:money back|geld zuruck|send (?:it|them|this) back|give (?:it|them) back|zuruck ?schicken|swap)\b/g,
    "back",
  ],
  [/\b(?:find you|come to you|get to you)\b/g, "place"],
  [/\b(?:in stock|auf lager|en stock|sold out)\b/g, "stock"],
  [/\b(?:get in touch|reach you)\b/g, "contact"],
  [
    /\b(?:gift ?(?:cards?|vouchers?|certificates?)|geschenkkarten?|carte cadeau|tarjetas? regalo)\b/g,
    "discount",
  ],
  [/\bwork for you\b/g, "job"],
];

/** Questions in one word: they narrow a question down less than what it is about. */
const questions: Record<string, string> = {
  where: "place",
  wo: "place",
  ou: "place",
  donde: "place",
  onde: "place",
  waar: "place",
};

/** Without meaning of their own. */
const empty = new Set(
  `a an the this that these those i me my mine we us our you your yours u ur he she it its they them their is are am was were be been being do does did doing done
  have has had having can could will would shall should may might must to of in on at by for from with without about into as and or but if so than then there here
  what whats which who whom whose when why how hows any some all more much many lot lots please pls plz hi hey hello dear thanks thank thx know tell wonder wondering like want need
  get got give go let im ive id ill youre s t m re ve d ll don doesn didn isn aren not no yes ok okay just also too only really very currently today now still ever
  guys there everyone someone anyone anything something one ones possible possibly way question help long take takes make makes offer offers using use
  der die das den dem des ein eine einen einem einer eines ich mich mir mein meine wir uns unser unsere du dich dir dein sie ihr ihre ihnen euer eure euch er es man ist sind bin war seid waren sein
  hat habe haben habt hatte hatten kann kannst konnen konnt konnte konnten wird werden wurde wurden soll sollen muss mussen darf durfen mag mochte mochten zu zum zur von vom im am an auf aus bei beim mit nach fur um uber unter
  und oder aber wenn dass als auch noch nur schon sehr mal denn was wie wann warum wieso welche welcher welches wer nicht kein keine ja nein bitte danke hallo moin servus hey gibt gern gerne etwas alles lange dauert viel viele heute jetzt eigentlich
  le la les l un une des du de d au aux ce cet cette ces je j me moi mon ma mes nous notre nos vous votre vos tu te toi ton ta tes il elle on ils elles lui leur est sont suis sommes etes etre ai as a avons avez ont avoir
  peux peut pouvez pouvons faire fait faites va vais allez et ou mais si que qu qui quoi quel quelle quels quelles quand comment pourquoi est ce c y en dans sur sous avec sans pour par pas ne n oui non bonjour bonsoir salut merci svp plait aussi encore tres plus tout bien temps
  el los las unos unas lo al del yo mi mis nosotros nuestro su sus se ustedes usted tu ella ellos es son soy somos esta estan estoy ser estar hay tiene tienen teneis tengo tienes haceis hacen hace puedo puede pueden podria quiero quisiera
  y o pero que cual cuales cuando como porque cuanto cuanta cuantos con sin para por en no si hola buenas buenos dias gracias favor tambien muy mas algo todo hoy ahora tarda desde hasta
  gli uno degli delle della dello dei io mio noi nostro voi vostro lui lei loro sono siamo siete ho hai ha abbiamo avete hanno posso puo potete possiamo fate fa e ed ma che chi quale quali quando come perche quanto quanti con senza per tra fra non si ciao salve buongiorno buonasera grazie favore anche molto piu oggi adesso c di da
  o os as um uma uns umas eu meu minha nos nosso voce voces seu sua ele ela eles sao sou somos estao tem tenho temos posso pode podem fazem faz mas quem qual quais quando como porque quanto com sem em no na nos nas ao nao sim ola oi obrigado obrigada tambem muito mais hoje agora pra bom boa dia
  het een ik mij mijn wij ons onze jij je jouw jullie u uw hij zij zijn ben bent is was waren heb hebt heeft hebben kan kunt kunnen zal zullen wil willen moet mag van voor met op in aan bij naar uit en of maar als dat wat welke wie wanneer waarom hoe niet geen ja nee hallo hoi dank bedankt alstublieft graag ook nog`
    .split(/\s+/)
    .filter(Boolean),
);

/** Said to be polite: nothing is asked by a message made of these alone. */
const polite = new Set(
  `hi hii hiii hey heya hello helo hallo halo hola ola oi hoi hej hei salut bonjour bonsoir coucou ciao salve buongiorno buonasera merhaba salam namaste privet moin servus gruezi morgen tag abend guten gruss gott
  good morning afternoon evening night day there team all everyone guys thanks thank thx ty tysm you u so very much a lot danke dank schon vielen sehr merci beaucoup gracias muchas grazie mille obrigado obrigada bedankt
  ok okay k kk cool great perfect super nice awesome top prima alles klar gut bien bueno bom boa dia tarde noite buenos dias buenas tardes noches yes no ja nein oui non si yo sup wow haha lol bye tschuss ciao adios au revoir please bitte dear liebes hallochen`
    .split(/\s+/)
    .filter(Boolean),
);

type Known = { exact: Map<string, string[]>; starts: [string, string][]; ends: [string, string][] };

const known: Known = { exact: new Map(), starts: [], ends: [] };
for (const [concept, list] of Object.entries(concepts)) {
  for (const word of list.split(/\s+/)) {
    if (word.endsWith("*")) known.starts.push([word.slice(0, -1), concept]);
    else if (word.startsWith("*")) known.ends.push([word.slice(1), concept]);
    else known.exact.set(word, [...(known.exact.get(word) ?? []), concept]);
  }
}

/** What a folded word is about, as far as we know; a compound may be about two things. */
export function conceptsOf(word: string): string[] {
  const begins = known.starts.filter(([start]) => word.startsWith(start)).map(([, concept]) => concept);
  const ends = known.ends
    .filter(([end]) => word.length > end.length && word.endsWith(end))
    .map(([, concept]) => concept);
  return [...new Set([...(known.exact.get(word) ?? []), ...begins, ...ends])];
}

export const questionOf = (word: string): string | null =>
  Object.hasOwn(questions, word) ? (questions[word] ?? null) : null;
export const isEmpty = (word: string): boolean => empty.has(word);
export const isPolite = (word: string): boolean => polite.has(word);

/** The concepts that phrases stand for, and the text without them. */
export function takePhrases(folded: string): { rest: string; found: string[] } {
  const found: string[] = [];
  const rest = phrases.reduce(
    (text, [pattern, concept]) =>
      text.replace(pattern, () => {
        found.push(concept);
        return " ";
      }),
    folded,
  );
  return { rest, found };
}
