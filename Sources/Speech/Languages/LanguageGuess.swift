// Which language a text is in, when nobody says so: by its script, then by the small words and letters of each language.
//
//   text → sentences → script of most letters → (Latin) weight of function words, letters and endings → language or nil

package enum LanguageGuess {
    /// A sentence and the language it is in.
    package struct Part: Sendable {
        package let language: Language
        /// In Unicode scalars of the text.
        package let range: Range<Int>
        /// One of its sentences tells the language.
        let isKnown: Bool
    }

    /// The language of a text; nil when it has too little to tell: under five words of a script that many write.
    package static func language(of text: String) -> Language? { language(of: Array(text.unicodeScalars)[...]) }

    /// The language that a text is read in, where something has to be decided: of fewer words the best guess.
    package static func likely(of text: String) -> Language? {
        language(of: Array(text.unicodeScalars)[...], isLikely: true)
    }

    /// The sentences of a text, with the language of each; neighbours of one language are one part. A sentence that does
    /// not tell goes with the one before, the first ones with the text as a whole.
    static func parts(of scalars: [Unicode.Scalar], in whole: Language) -> [Part] {
        var parts: [Part] = []
        for range in SentenceSplitter.sentences(of: scalars) {
            let known = language(of: scalars[range])
            let language = known ?? parts.last?.language ?? whole
            if let last = parts.last, last.language.code == language.code {
                parts[parts.count - 1] = Part(
                    language: language, range: last.range.lowerBound..<range.upperBound,
                    isKnown: last.isKnown || known != nil)
            } else {
                parts.append(Part(language: language, range: range, isKnown: known != nil))
            }
        }
        return parts
    }

    private static func language(of scalars: ArraySlice<Unicode.Scalar>, isLikely: Bool = false) -> Language? {
        switch Script(scalars) {
        case .cyrillic: named("ru")
        case .hangul: named("ko")
        case .kana: named("ja")
        case .han: named("zh")
        case .latin: isLikely ? LatinGuess(scalars).likely : LatinGuess(scalars).language
        case .none: nil
        }
    }

    static func named(_ code: String) -> Language? { Language.all.first { $0.code == code } }
}

/// The script that decides. Names and words in Latin letters are common in texts of all others, so a third is enough for
/// these. A Han or Hangul character is about a word's half and counts twice; Han with any kana is Japanese.
private enum Script {
    case none, latin, cyrillic, hangul, kana, han

    init(_ scalars: ArraySlice<Unicode.Scalar>) {
        var latin = 0
        var cyrillic = 0
        var hangul = 0
        var han = 0
        var kana = 0
        for scalar in scalars {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F: latin += 1
            case 0x400...0x52F: cyrillic += 1
            case 0xAC00...0xD7A3, 0x1100...0x11FF, 0x3131...0x318E: hangul += 2
            case 0x3041...0x30FF, 0xFF66...0xFF9D: kana += 2
            case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0x20000...0x323AF: han += 2
            default: break
            }
        }
        let most = max(cyrillic, hangul, han + kana)
        if most == 0 || most * 2 < latin {
            self = latin > 0 ? .latin : .none
        } else if most == cyrillic {
            self = .cyrillic
        } else if most == hangul {
            self = .hangul
        } else {
            self = kana > 0 ? .kana : .han
        }
    }
}

/// Weighs the words of a Latin text for six languages.
private struct LatinGuess {
    private static let codes = ["en", "de", "fr", "es", "pt", "it"]
    private var weights = [Double](repeating: 0, count: 6)
    private var words = 0
    /// A letter was there that one of the languages has alone.
    private var hasOwnLetter = false

    /// nil under five words, unless a letter tells, and when two languages are as likely.
    var language: Language? {
        guard words >= 5 || hasOwnLetter else { return nil }
        guard let best = weights.indices.max(by: { weights[$0] < weights[$1] }) else { return nil }
        let second = weights.indices.filter { $0 != best }.map { weights[$0] }.max() ?? 0
        guard weights[best] > 0.9, weights[best] > second * 1.02 else { return nil }
        return LanguageGuess.named(Self.codes[best])
    }

    /// The best, from one word on that is one language's own: "Noch 5 Minuten".
    var likely: Language? {
        if let language { return language }
        guard let best = weights.indices.max(by: { weights[$0] < weights[$1] }) else { return nil }
        let second = weights.indices.filter { $0 != best }.map { weights[$0] }.max() ?? 0
        return weights[best] >= 0.5 && weights[best] >= second * 1.5 ? LanguageGuess.named(Self.codes[best]) : nil
    }

    init(_ scalars: ArraySlice<Unicode.Scalar>) {
        var word: [Unicode.Scalar] = []
        var hasDigit = false
        var isDegree = false
        for scalar in scalars {
            if scalar.isLetter {
                // "°C"
                if isDegree { continue }
                word.append(scalar)
            } else if scalar.isDigit {
                hasDigit = true
            } else {
                // "l'heure" and "dell'uomo" are two words, and the first one tells.
                add(word, hasDigit, isElided: scalar == "'" || scalar == "’")
                if scalar == "$", word == ["R"] { own(4) }
                isDegree = scalar == "°"
                word.removeAll(keepingCapacity: true)
                hasDigit = false
                if scalar == "¿" || scalar == "¡" { own(3) }
            }
        }
        add(word, hasDigit)
    }

    private mutating func own(_ language: Int) {
        weights[language] += 2
        hasOwnLetter = true
    }

    /// - Parameter isElided: an apostrophe follows, without which a consonant alone is no word.
    private mutating func add(_ letters: [Unicode.Scalar], _ hasDigit: Bool, isElided: Bool = false) {
        guard !letters.isEmpty || hasDigit else { return }
        words += 1
        guard !letters.isEmpty, letters.count <= 24 else { return }
        let word = String(scalars: letters).lowercased()
        let isLetter = letters.count == 1 && !isElided && !"aàeéèioóuy".unicodeScalars.contains(letters[0])
        if !isLetter, let mask = Self.functionWords[word] { share(mask, 1) }
        for letter in word.unicodeScalars where letter.value > 0x7F { addLetter(letter) }
        guard letters.count > 4 else { return }
        guard let last = letters.last, let endings = Self.endingsByLast[last] else { return }
        if let (_, mask) = endings.first(where: { letters.suffix($0.0.count).elementsEqual($0.0) }) { share(mask, 0.6) }
    }

    /// Of languages that share a word each has less.
    private mutating func share(_ mask: UInt8, _ weight: Double) {
        let part = weight / Double(mask.nonzeroBitCount)
        for index in weights.indices where mask & (1 << UInt8(index)) != 0 { weights[index] += part }
    }

    private mutating func addLetter(_ letter: Unicode.Scalar) {
        switch letter {
        case "ß": own(1)
        case "ñ": own(3)
        case "ã", "õ": own(4)
        case "ä", "ö": weights[1] += 1
        case "ü": share(0b001010, 1)
        case "œ", "ê", "û", "ë", "î", "ï": share(letter == "ê" ? 0b010100 : 0b000100, 0.8)
        case "ç": share(0b010100, 0.8)
        case "â", "ô": share(0b010100, 0.6)
        case "è": share(0b100100, 0.6)
        case "ì", "ò": weights[5] += 1
        case "à": share(0b110100, 0.4)
        case "ù": share(0b100100, 0.6)
        case "é": share(0b111100, 0.4)
        case "á", "í", "ó", "ú": share(0b011000, 0.6)
        default: break
        }
    }

    // MARK: - Tables

    private static let endings: [(String, UInt8)] = [
        ("ção", 0b010000), ("ções", 0b010000), ("ción", 0b001000), ("ciones", 0b001000), ("zione", 0b100000),
        ("zioni", 0b100000), ("ung", 0b000010), ("ungen", 0b000010), ("heit", 0b000010), ("keit", 0b000010),
        ("lich", 0b000010), ("isch", 0b000010), ("ing", 0b000001), ("tion", 0b000101), ("ness", 0b000001),
        ("ght", 0b000001), ("eux", 0b000100), ("eaux", 0b000100), ("ement", 0b000100), ("eur", 0b000100),
        ("ées", 0b000100),
        ("mente", 0b111000), ("idad", 0b001000), ("idade", 0b010000), ("ità", 0b100000), ("ellos", 0b001000),
        ("glia", 0b100000), ("elli", 0b100000), ("etti", 0b100000), ("inho", 0b010000), ("agem", 0b010000),
        ("ados", 0b011000), ("ando", 0b111000), ("iendo", 0b001000), ("endo", 0b110000), ("chen", 0b000010),
        ("sch", 0b000010), ("tten", 0b000010), ("llo", 0b101000), ("tto", 0b100000), ("gio", 0b100000),
        ("ould", 0b000001),
        ("iamo", 0b100000), ("amos", 0b011000), ("emos", 0b011000), ("ieren", 0b000010), ("iert", 0b000010),
        ("nen", 0b000010), ("eiro", 0b010000), ("eira", 0b010000), ("miento", 0b001000), ("mento", 0b110000),
        ("issimo", 0b100000), ("aient", 0b000100), ("ado", 0b011000), ("ada", 0b011000), ("ido", 0b011000),
        ("ato", 0b101000), ("zia", 0b100000), ("ette", 0b100100), ("aire", 0b000100), ("ique", 0b000100),
        ("nte", 0b111100), ("ly", 0b000001), ("oi", 0b000100), ("zza", 0b100000), ("cht", 0b000010), ("ê", 0b010000),
    ]

    /// The endings by their last letter, so that few are compared.
    private static let endingsByLast: [Unicode.Scalar: [([Unicode.Scalar], UInt8)]] = {
        var table: [Unicode.Scalar: [([Unicode.Scalar], UInt8)]] = [:]
        for (ending, mask) in endings {
            let letters = Array(ending.unicodeScalars)
            if let last = letters.last { table[last, default: []].append((letters, mask)) }
        }
        return table
    }()

    /// For each word the languages that have it, a bit each.
    private static let functionWords: [String: UInt8] = {
        var table: [String: UInt8] = [:]
        for (index, words) in [english, german, french, spanish, portuguese, italian].enumerated() {
            for word in words.split(whereSeparator: \.isWhitespace) {
                table[String(word), default: 0] |= 1 << UInt8(index)
            }
        }
        return table
    }()

    private static let english = """
        the of and to a in is you that it he was for on are as with his they i at be this have from or one had by word but
        not what all were we when your can said there use an each which she do how their if will up other about out many
        then them these so some her would make like him into time has look two more write go see no way could people my
        than first been call who its now find long down day did get come made may part over new after our where most very
        before just any same another much through good too does here why again off went old think us should never every
        between under last while might great still own let always around both until something without want please turn
        open close lights light door house home today tomorrow tonight morning evening night week month year minutes hour
        hours o'clock it's don't i'm can't let's that's am yes well back little only right thing things three five need
        because left next was've being having done going got know say says take took tell give work water set minute half
        temperature outside inside currently degrees humidity battery kitchen bedroom bathroom living washing dryer dishwasher finished
        started running ready remaining reminder reminders message messages meeting appointment ends starts costs cost price
        weather rain snow sunny cloudy expected chance opened locked unlocked empty full turned motion detected someone arrived
        delivered trash leak smoke warning available playing cleaning cleaned hello goodbye thanks thank remind buy eggs milk
        birthday cats dogs cat dog percent happy celebrate starts remains lasts plays train leaves call appointment
        """

    private static let german = """
        der die das und ist in den von zu mit sich des auf für nicht ein eine als auch es an werden aus er hat dass sie nach
        wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein
        wurde sei ich du wir ihr mich dich uns euch mir dir ihm ihn mein meine dein deine unser kein keine keinen dieser diese
        dieses diesem diesen jetzt heute morgen gestern immer wieder schon sehr viel viele gut kann können muss müssen will
        wollen soll sollen darf mag möchte bitte danke ja nein wenn weil damit hier da dort dann wo was wer warum wann welche
        unter gegen ohne zwischen während seit vom beim ins im ab alle alles andere anderen beide etwas nichts jeder jede
        jedes uhr tag tage jahr jahre stunde stunden minuten woche wochen haus tür licht fenster zimmer küche wohnzimmer
        macht machen gehen geht kommt kommen steht gibt hatte hätte waren würde habe hast bin bist seid doch mal eben ganz
        nun also sonst zwei drei vier fünf sechs ein eins neue neuen große kleine wohnung schlafzimmer ihre ihren seine
        seinen einschalten ausschalten an aus draußen drinnen zuerst danach noch denn um läuft
        temperatur feuchtigkeit luftfeuchtigkeit batterie akku badezimmer bad waschmaschine trockner spülmaschine geschirrspüler
        fertig gestartet bereit wecker verbleiben übrig erinnerung erinnerungen nachricht nachrichten termin termine endet
        beginnt startet kostet kosten preis wetter regen schnee sonnig bewölkt geöffnet offen geschlossen verriegelt leer voll
        bewegung erkannt jemand angekommen paket müll restmüll abgeholt wasser rauchmelder warnung aktualisierung verfügbar
        musik lautstärke prozent grad heizung eingestellt saugroboter hallo tschüss guten abend geburtstag leute katze katzen
        hund hunde beträgt liegt warm kalt klingelt feiern weihnachten zug fährt fahren rufe rufen nächste nächster nächsten
        eier milch kaufe kaufen dauert spielt ankunft tagen monate monaten jahren
        """

    private static let french = """
        le la les de des du un une et est en à dans que qui il elle on ne pas pour sur se au aux avec ce cette ces son sa
        ses par plus je tu nous vous ils elles mais ou où si leur leurs y a ont sont être avoir fait faire tout tous toute
        toutes comme bien très peu même aussi encore déjà jamais toujours sans sous entre vers chez depuis pendant avant
        après quand comment pourquoi quel quelle quels quelles mon ma mes ton ta tes notre votre nos vos moi toi lui eux
        rien quelque chose chaque autre autres deux trois quatre cinq six sept huit neuf dix premier première était étaient
        avait avez avons sera serait peut peux peuvent dois doit faut va vais vont aller vient merci oui non bonjour ici là
        maintenant aujourd demain hier soir matin jour jours nuit heure heures minutes semaine mois an ans année maison porte
        fenêtre lumière chambre cuisine salon température il's c j l d n s qu jusqu lorsque parce donc alors puis car ni cela
        ça ceci celui celle ceux dont contre dehors beaucoup trop assez moins
        température extérieur intérieur humidité batterie bains machine laver linge vaisselle terminé terminée fini finie démarré
        prête prêt minuteur réveil alarme restantes reste restent rappel rappels réunion rendez commence termine coûte coûtent
        prix météo pluie neige vent ensoleillé nuageux ouverte ouvert fermée fermé verrouillée vide plein mouvement détecté
        quelqu arrivé arrivée colis livré poubelle poubelles eau fuite fumée attention disponible musique cent degrés chauffage
        réglé réglée aspirateur bonsoir salut anniversaire personnes chat chats chien chiens euros fera fêtons appelle appelez
        nouveau nouveaux nouvelle nouvelles risque quai achète œufs oeufs lait dure train part pièce prochain prochaine arrivera
        """

    private static let spanish = """
        el la los las de del un una unos unas y e o u que en a al por con para no se su sus lo le les me te nos es son está
        están ser estar era fue han ha he hay como más pero si sí ya muy bien este esta estos estas ese esa eso esos esto
        aquel aquella todo toda todos todas otro otra otros cuando donde dónde qué quién cómo cuál cuándo porque sin sobre
        entre hasta desde durante también tan tanto mucho mucha muchos poco nada algo alguien nadie siempre nunca ahora hoy
        mañana ayer aquí ahí allí mi tu mis tus yo tú él ella nosotros ustedes ellos ellas usted tiene tienen tengo hacer hace
        puede puedo quiero quiere va voy vamos ir dos tres cuatro cinco seis siete ocho nueve diez primero primera después
        antes luego gracias hola favor casa puerta ventana luz luces cocina salón habitación hora horas minutos día días
        noche tarde semana mes año años cada mejor mayor menos solo sólo así mientras aunque según contra hacia fuera dentro
        temperatura exterior interior humedad batería baño garaje lavadora secadora lavavajillas terminado terminada listo lista
        empezado temporizador alarma despertador quedan queda faltan falta recordatorio recordatorios mensaje mensajes reunión
        cita empieza termina cuesta cuestan vale precio tiempo lluvia nieve viento soleado nublado abierta abierto cerrada
        cerrado vacía llena movimiento detectado llegado paquete entregado basura agua fuga humo atención actualización
        disponible música volumen ciento grados calefacción puesto aspiradora adiós buenos buenas tardes cumpleaños personas
        gato gatos gata perro perros lleva llevan será habrá hará celebramos llama llame comprar huevos leche tren sale dura
        nuevo nuevos nueva nuevas dormitorio compra andén
        próxima próximo llegará euros
        """

    private static let portuguese = """
        o a os as de do da dos das um uma uns umas e ou que em no na nos nas por para com não se seu sua seus suas lhe me te
        é são está estão ser estar era foi foram há tem têm tenho ter como mais mas muito muita muitos bem já também só até
        este esta estes estas esse essa isso isto aquele aquela aquilo todo toda todos todas outro outra outros quando onde
        quem qual porque sem sobre entre desde durante depois antes agora hoje amanhã ontem aqui ali lá meu minha meus minhas
        eu tu ele ela nós vocês você eles elas fazer faz pode posso quero quer vai vou vamos ir dois duas três quatro cinco
        seis sete oito nove dez primeiro primeira obrigado obrigada olá favor casa porta janela luz luzes cozinha sala quarto
        hora horas minutos dia dias noite tarde manhã semana mês ano anos cada melhor maior menos assim enquanto embora contra
        fora dentro ao aos à às pelo pela pelos pelas num numa deste desta nesse nessa nisso ainda nunca sempre tudo nada
        alguém ninguém então
        temperatura exterior interior umidade humidade bateria banheiro garagem máquina secadora louça terminou terminado pronto
        pronta começou temporizador alarme despertador faltam falta restam lembrete lembretes mensagem mensagens reunião
        compromisso começa termina custa custam preço tempo chuva neve vento ensolarado nublado aberta aberto fechada fechado
        vazia cheia movimento detectado chegou pacote entregue lixo água vazamento fumaça atenção atualização disponível música
        cento graus aquecimento ajustado aspirador tchau bom boa aniversário pessoas gato gatos gata cão cachorro fará haverá
        comemoramos reais ligue comprar ovos leite trem comboio sai dura novo novos nova novas compre plataforma quarto
        próxima próximo chegará euros
        """

    private static let italian = """
        il lo la i gli le un uno una di del dello della dei degli delle a al allo alla ai agli alle da dal dallo dalla dai
        dagli dalle in nel nello nella nei negli nelle su sul sullo sulla sui sugli sulle con per tra fra e ed o che chi cui
        non si se ma anche come più molto molta molti bene già è sono sei siamo siete essere era erano stato stata ha ho hai
        hanno abbiamo avere c'è questo questa questi queste quello quella quelli quelle tutto tutta tutti tutte altro altra
        altri quando dove perché cosa quale quanto senza sopra sotto dopo prima durante ancora sempre mai adesso ora oggi
        domani ieri qui qua lì là mio mia miei mie tuo tua tuoi suo sua suoi io tu lui lei noi voi loro mi ti ci vi ne fare
        fa può posso voglio vuole va vado andare due tre quattro cinque sei sette otto nove dieci primo grazie ciao prego
        casa porta finestra luce luci cucina salotto camera ore minuti giorno giorni notte sera mattina settimana mese anno
        anni ogni meglio meno solo così mentre contro verso fuori dentro poi quindi però allora nulla niente qualcosa nessuno
        dell all dall nell sull un' l
        temperatura esterno interno umidità batteria bagno lavatrice asciugatrice lavastoviglie finito finita terminato terminata
        pronto pronta iniziato sveglia allarme mancano manca rimangono promemoria messaggio messaggi riunione appuntamento
        inizia finisce costa costano prezzo tempo pioggia neve vento soleggiato nuvoloso aperta aperto chiusa chiuso vuota
        piena movimento rilevato qualcuno arrivato arrivata pacco consegnato spazzatura acqua perdita fumo attenzione
        aggiornamento disponibile musica cento gradi riscaldamento impostato aspirapolvere buongiorno buonasera compleanno
        persone gatto gatti cane cani saranno sarà festeggiamo chiama chiamate comprare uova latte treno parte dura prossima
        prossimo arriverà euro nuovo nuovi nuova nuove compra binario
        """
}
