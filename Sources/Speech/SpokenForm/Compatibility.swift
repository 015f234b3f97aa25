// Characters that stand for others: "㎡", "①", "𝐁𝐨𝐥𝐝", "Ⅳ", "ﬁ", "ｶﾞ". The rules for numbers know only the plain ones, and a
// reader of the others says the same. From the compatibility mappings of Unicode 16.

enum Compatibility {
    /// What takes the place of a character.
    enum Plain {
        case text(String)
        /// A number of a list, "①", which joins no digits beside it.
        case enumerator(String)
        /// A digit or sign that is raised or lowered.
        case raised(Unicode.Scalar)
        case lowered(Unicode.Scalar)
    }

    /// nil: the character is plain already.
    static func plain(_ scalar: Unicode.Scalar) -> Plain? {
        // Latin and Cyrillic text needs one comparison.
        if scalar.value < 0x2B0 { return nil }
        switch scalar.value {
        case 0x2B0...0x2B8, 0x1D2C...0x1D6A, 0x1D9B...0x1DBF, 0x2071, 0x207F, 0x2090...0x209C, 0x2100...0x214F,
            0x2160...0x217F, 0xFB00...0xFB06, 0xFFE0...0xFFE6:
            return letters[scalar].map { .text($0) }
        case 0x2070, 0x2074...0x2079: return digit(scalar, from: 0x2070).map { .raised($0) }
        case 0x207A: return .raised("+")
        case 0x207B: return .raised("−")
        case 0x2080...0x2089: return digit(scalar, from: 0x2080).map { .lowered($0) }
        case 0x208A: return .lowered("+")
        case 0x208B: return .lowered("−")
        case 0x2460...0x24FF, 0x2776...0x2793, 0x3251...0x325F, 0x32B1...0x32BF: return enclosed(scalar)
        case 0x3200...0x33FF: return squares[scalar].map { .text($0) }
        case 0xFF01...0xFF9F: return wide(scalar).map { .text(String($0)) }
        case 0x1D400...0x1D7FF: return mathematical(scalar).map { .text(String($0)) }
        case 0x1F100...0x1F19A, 0x1F51F: return emojiLetter(scalar)
        default: return nil
        }
    }

    private static func digit(_ scalar: Unicode.Scalar, from zero: UInt32) -> Unicode.Scalar? {
        Unicode.Scalar(0x30 + scalar.value - zero)
    }

    // MARK: - Enclosed

    /// The first character of a row of numbers, its number, and how many there are.
    private static let rows: [(first: UInt32, number: Int, count: UInt32)] = [
        (0x2460, 1, 20), (0x2474, 1, 20), (0x2488, 1, 20), (0x24EA, 0, 1), (0x24EB, 11, 10), (0x24F5, 1, 10),
        (0x24FF, 0, 1), (0x2776, 1, 10), (0x2780, 1, 10), (0x278A, 1, 10), (0x3251, 21, 15), (0x32B1, 36, 15),
    ]

    private static func enclosed(_ scalar: Unicode.Scalar) -> Plain? {
        for row in rows where scalar.value >= row.first && scalar.value < row.first + row.count {
            return .enumerator(String(row.number + Int(scalar.value - row.first)))
        }
        switch scalar.value {
        case 0x249C...0x24B5: return latin(0x61, scalar.value - 0x249C)
        case 0x24B6...0x24CF: return latin(0x41, scalar.value - 0x24B6)
        case 0x24D0...0x24E9: return latin(0x61, scalar.value - 0x24D0)
        default: return nil
        }
    }

    private static func emojiLetter(_ scalar: Unicode.Scalar) -> Plain? {
        if let text = squares[scalar] { return .enumerator(text) }
        switch scalar.value {
        case 0x1F100...0x1F10A: return .enumerator(String(max(Int(scalar.value) - 0x1F101, 0)))
        case 0x1F110...0x1F129: return latin(0x41, scalar.value - 0x1F110)
        case 0x1F130...0x1F149: return latin(0x41, scalar.value - 0x1F130)
        case 0x1F150...0x1F169: return latin(0x41, scalar.value - 0x1F150)
        case 0x1F170...0x1F189: return latin(0x41, scalar.value - 0x1F170)
        default: return nil
        }
    }

    private static func latin(_ first: UInt32, _ offset: UInt32) -> Plain? {
        Unicode.Scalar(first + offset).map { .text(String($0)) }
    }

    // MARK: - Styles of letters

    /// Bold, italic, script and other letters of mathematics: thirteen Latin alphabets, five Greek ones, five rows of
    /// digits.
    private static func mathematical(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        let value = scalar.value
        if value >= 0x1D7CE { return Unicode.Scalar(0x30 + (value - 0x1D7CE) % 10) }
        if value < 0x1D6A4 {
            let place = (value - 0x1D400) % 52
            return Unicode.Scalar(place < 26 ? 0x41 + place : 0x61 + place - 26)
        }
        guard value >= 0x1D6A8 else { return value == 0x1D6A4 ? "i" : "j" }
        let place = (value - 0x1D6A8) % 58
        if place == 17 { return "Θ" }
        if place < 25 { return Unicode.Scalar(0x391 + place) }
        return place > 25 && place < 51 ? Unicode.Scalar(0x3B1 + place - 26) : nil
    }

    /// Full-width letters, digits and signs; punctuation of Chinese and Japanese stays. Half-width kana.
    private static func wide(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar.value {
        case 0xFF03...0xFF06, 0xFF0A, 0xFF0B, 0xFF0D, 0xFF0F...0xFF19, 0xFF1C...0xFF1E, 0xFF20...0xFF3A, 0xFF3C,
            0xFF3E...0xFF5A, 0xFF5C:
            return Unicode.Scalar(scalar.value - 0xFEE0)
        case 0xFF61: return "。"
        case 0xFF62: return "「"
        case 0xFF63: return "」"
        case 0xFF64: return "、"
        case 0xFF65...0xFF9D: return kana[Int(scalar.value) - 0xFF65]
        case 0xFF9E: return "\u{3099}"
        case 0xFF9F: return "\u{309A}"
        default: return nil
        }
    }

    /// A kana with the mark of a voiced sound, as one character: "カ" and "゛" are "ガ".
    static func voiced(_ kana: Unicode.Scalar, by mark: Unicode.Scalar) -> Unicode.Scalar? {
        let isHa = "ハヒフヘホ".unicodeScalars.contains(kana)
        if mark == "\u{309A}" { return isHa ? Unicode.Scalar(kana.value + 2) : nil }
        guard mark == "\u{3099}" else { return nil }
        if kana == "ウ" { return "ヴ" }
        let takesMark = isHa || "カキクケコサシスセソタチツテト".unicodeScalars.contains(kana)
        return takesMark ? Unicode.Scalar(kana.value + 1) : nil
    }

    // MARK: - Tables: a character, and what it stands for

    private static let kana = Array(
        "・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン".unicodeScalars)

    private static func table(_ text: String) -> [Unicode.Scalar: String] {
        var table: [Unicode.Scalar: String] = [:]
        for entry in text.split(whereSeparator: \.isWhitespace) {
            guard let key = entry.unicodeScalars.first else { continue }
            table[key] = String(entry.unicodeScalars.dropFirst())
        }
        return table
    }

    private static let letters = table(
        """
        ʰh ʱɦ ʲj ʳr ʴɹ ʵɻ ʶʁ ʷw ʸy ᴬA ᴭÆ ᴮB ᴰD ᴱE ᴲƎ ᴳG ᴴH ᴵI ᴶJ ᴷK ᴸL ᴹM ᴺN ᴼO ᴽȢ ᴾP ᴿR ᵀT ᵁU ᵂW ᵃa ᵄɐ ᵅɑ
        ᵆᴂ ᵇb ᵈd ᵉe ᵊə ᵋɛ ᵌɜ ᵍg ᵏk ᵐm ᵑŋ ᵒo ᵓɔ ᵔᴖ ᵕᴗ ᵖp ᵗt ᵘu ᵙᴝ ᵚɯ ᵛv ᵜᴥ ᵝβ ᵞγ ᵟδ ᵠφ ᵡχ ᵢi ᵣr ᵤu ᵥv ᵦβ ᵧγ
        ᵨρ ᵩφ ᵪχ ₐa ₑe ₒo ₓx ₔə ₕh ₖk ₗl ₘm ₙn ₚp ₛs ₜt ⁱi ⁿn ᶛɒ ᶜc ᶝɕ ᶞð ᶟɜ ᶠf ᶡɟ ᶢɡ ᶣɥ ᶤɨ ᶥɩ ᶦɪ ᶧᵻ ᶨʝ ᶩɭ
        ᶪᶅ ᶫʟ ᶬɱ ᶭɰ ᶮɲ ᶯɳ ᶰɴ ᶱɵ ᶲɸ ᶳʂ ᶴʃ ᶵƫ ᶶʉ ᶷʊ ᶸᴜ ᶹʋ ᶺʌ ᶻz ᶼʐ ᶽʑ ᶾʒ ᶿθ ℀a/c ℁a/s ℂC ℅c/o ℆c/u ℇƐ ℊg ℋH ℌH
        ℍH ℎh ℏħ ℐI ℑI ℒL ℓl ℕN ℙP ℚQ ℛR ℜR ℝR ℡TEL ℤZ ΩΩ ℨZ KK ÅÅ ℬB ℭC ℯe ℰE ℱF ℳM ℴo ℻FAX ℼπ ℽγ ℾΓ ℿΠ ⅅD
        ⅆd ⅇe ⅈi ⅉj ⅠI ⅡII ⅢIII ⅣIV ⅤV ⅥVI ⅦVII ⅧVIII ⅨIX ⅩX ⅪXI ⅫXII ⅬL ⅭC ⅮD ⅯM ⅰi ⅱii ⅲiii ⅳiv ⅴv ⅵvi
        ⅶvii ⅷviii ⅸix ⅹx ⅺxi ⅻxii ⅼl ⅽc ⅾd ⅿm ﬀff ﬁfi ﬂfl ﬃffi ﬄffl ﬅst ﬆst ￥¥ ￡£ ￦₩ ￠¢ ￢¬
        """)

    private static let squares = table(
        """
        ㈀(ᄀ) ㈁(ᄂ) ㈂(ᄃ) ㈃(ᄅ) ㈄(ᄆ) ㈅(ᄇ) ㈆(ᄉ) ㈇(ᄋ) ㈈(ᄌ) ㈉(ᄎ) ㈊(ᄏ) ㈋(ᄐ) ㈌(ᄑ) ㈍(ᄒ) ㈎(가) ㈏(나) ㈐(다) ㈑(라) ㈒(마) ㈓(바)
        ㈔(사) ㈕(아) ㈖(자) ㈗(차) ㈘(카) ㈙(타) ㈚(파) ㈛(하) ㈜(주) ㈝(오전) ㈞(오후) ㈠(一) ㈡(二) ㈢(三) ㈣(四) ㈤(五) ㈥(六) ㈦(七) ㈧(八)
        ㈨(九) ㈩(十) ㈪(月) ㈫(火) ㈬(水) ㈭(木) ㈮(金) ㈯(土) ㈰(日) ㈱(株) ㈲(有) ㈳(社) ㈴(名) ㈵(特) ㈶(財) ㈷(祝) ㈸(労) ㈹(代) ㈺(呼) ㈻(学)
        ㈼(監) ㈽(企) ㈾(資) ㈿(協) ㉀(祭) ㉁(休) ㉂(自) ㉃(至) ㉄問 ㉅幼 ㉆文 ㉇箏 ㉠ᄀ ㉡ᄂ ㉢ᄃ ㉣ᄅ ㉤ᄆ ㉥ᄇ ㉦ᄉ ㉧ᄋ ㉨ᄌ ㉩ᄎ ㉪ᄏ ㉫ᄐ ㉬ᄑ ㉭ᄒ ㉮가 ㉯나
        ㉰다 ㉱라 ㉲마 ㉳바 ㉴사 ㉵아 ㉶자 ㉷차 ㉸카 ㉹타 ㉺파 ㉻하 ㉼참고 ㉽주의 ㉾우 ㊀一 ㊁二 ㊂三 ㊃四 ㊄五 ㊅六 ㊆七 ㊇八 ㊈九 ㊉十 ㊊月 ㊋火 ㊌水 ㊍木 ㊎金 ㊏土 ㊐日 ㊑株
        ㊒有 ㊓社 ㊔名 ㊕特 ㊖財 ㊗祝 ㊘労 ㊙秘 ㊚男 ㊛女 ㊜適 ㊝優 ㊞印 ㊟注 ㊠項 ㊡休 ㊢写 ㊣正 ㊤上 ㊥中 ㊦下 ㊧左 ㊨右 ㊩医 ㊪宗 ㊫学 ㊬監 ㊭企 ㊮資 ㊯協 ㊰夜 ㋀1月 ㋁2月
        ㋂3月 ㋃4月 ㋄5月 ㋅6月 ㋆7月 ㋇8月 ㋈9月 ㋉10月 ㋊11月 ㋋12月 ㋌Hg ㋍erg ㋎eV ㋏LTD ㋐ア ㋑イ ㋒ウ ㋓エ ㋔オ ㋕カ ㋖キ ㋗ク ㋘ケ ㋙コ ㋚サ ㋛シ ㋜ス
        ㋝セ ㋞ソ ㋟タ ㋠チ ㋡ツ ㋢テ ㋣ト ㋤ナ ㋥ニ ㋦ヌ ㋧ネ ㋨ノ ㋩ハ ㋪ヒ ㋫フ ㋬ヘ ㋭ホ ㋮マ ㋯ミ ㋰ム ㋱メ ㋲モ ㋳ヤ ㋴ユ ㋵ヨ ㋶ラ ㋷リ ㋸ル ㋹レ ㋺ロ ㋻ワ ㋼ヰ ㋽ヱ
        ㋾ヲ ㋿令和 ㌀アパート ㌁アルファ ㌂アンペア ㌃アール ㌄イニング ㌅インチ ㌆ウォン ㌇エスクード ㌈エーカー ㌉オンス ㌊オーム ㌋カイリ ㌌カラット ㌍カロリー ㌎ガロン ㌏ガンマ ㌐ギガ
        ㌑ギニー ㌒キュリー ㌓ギルダー ㌔キロ ㌕キログラム ㌖キロメートル ㌗キロワット ㌘グラム ㌙グラムトン ㌚クルゼイロ ㌛クローネ ㌜ケース ㌝コルナ ㌞コーポ ㌟サイクル ㌠サンチーム
        ㌡シリング ㌢センチ ㌣セント ㌤ダース ㌥デシ ㌦ドル ㌧トン ㌨ナノ ㌩ノット ㌪ハイツ ㌫パーセント ㌬パーツ ㌭バーレル ㌮ピアストル ㌯ピクル ㌰ピコ ㌱ビル ㌲ファラッド ㌳フィート
        ㌴ブッシェル ㌵フラン ㌶ヘクタール ㌷ペソ ㌸ペニヒ ㌹ヘルツ ㌺ペンス ㌻ページ ㌼ベータ ㌽ポイント ㌾ボルト ㌿ホン ㍀ポンド ㍁ホール ㍂ホーン ㍃マイクロ ㍄マイル ㍅マッハ ㍆マルク
        ㍇マンション ㍈ミクロン ㍉ミリ ㍊ミリバール ㍋メガ ㍌メガトン ㍍メートル ㍎ヤード ㍏ヤール ㍐ユアン ㍑リットル ㍒リラ ㍓ルピー ㍔ルーブル ㍕レム ㍖レントゲン ㍗ワット ㍘0点 ㍙1点
        ㍚2点 ㍛3点 ㍜4点 ㍝5点 ㍞6点 ㍟7点 ㍠8点 ㍡9点 ㍢10点 ㍣11点 ㍤12点 ㍥13点 ㍦14点 ㍧15点 ㍨16点 ㍩17点 ㍪18点 ㍫19点 ㍬20点 ㍭21点 ㍮22点
        ㍯23点 ㍰24点 ㍱hPa ㍲da ㍳AU ㍴bar ㍵oV ㍶pc ㍷dm ㍸dm² ㍹dm³ ㍺IU ㍻平成 ㍼昭和 ㍽大正 ㍾明治 ㍿株式会社 ㎀pA ㎁nA ㎂μA ㎃mA ㎄kA ㎅KB
        ㎆MB ㎇GB ㎈cal ㎉kcal ㎊pF ㎋nF ㎌μF ㎍μg ㎎mg ㎏kg ㎐Hz ㎑kHz ㎒MHz ㎓GHz ㎔THz ㎕μl ㎖ml ㎗dl ㎘kl ㎙fm ㎚nm ㎛μm ㎜mm
        ㎝cm ㎞km ㎟mm² ㎠cm² ㎡m² ㎢km² ㎣mm³ ㎤cm³ ㎥m³ ㎦km³ ㎧m/s ㎨m/s² ㎩Pa ㎪kPa ㎫MPa ㎬GPa ㎭rad ㎮rad/s ㎯rad/s² ㎰ps
        ㎱ns ㎲μs ㎳ms ㎴pV ㎵nV ㎶μV ㎷mV ㎸kV ㎹MV ㎺pW ㎻nW ㎼μW ㎽mW ㎾kW ㎿MW ㏀kΩ ㏁MΩ ㏂a.m. ㏃Bq ㏄cc ㏅cd ㏆C/kg ㏇Co. ㏈dB
        ㏉Gy ㏊ha ㏋HP ㏌in ㏍KK ㏎km ㏏kt ㏐lm ㏑ln ㏒log ㏓lx ㏔mbar ㏕mil ㏖mol ㏗pH ㏘p.m. ㏙ppm ㏚PR ㏛sr ㏜Sv ㏝Wb ㏞V/m
        ㏟A/m ㏠1日 ㏡2日 ㏢3日 ㏣4日 ㏤5日 ㏥6日 ㏦7日 ㏧8日 ㏨9日 ㏩10日 ㏪11日 ㏫12日 ㏬13日 ㏭14日 ㏮15日 ㏯16日 ㏰17日 ㏱18日 ㏲19日 ㏳20日 ㏴21日
        ㏵22日 ㏶23日 ㏷24日 ㏸25日 ㏹26日 ㏺27日 ㏻28日 ㏼29日 ㏽30日 ㏾31日 ㏿gal 🅰A 🅱B 🅾O 🅿P 🆎AB 🆑CL 🆒COOL 🆓FREE 🆔ID 🆕NEW 🆖NG
        🆗OK 🆘SOS 🆙UP 🆚VS 🔟10
        """)
}
