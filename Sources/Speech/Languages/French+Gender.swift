// The gender of what is counted, for "un" and "une": by a list of common nouns, then by their endings.

extension French {
    func gender(of word: String) -> Gender? {
        let noun = word.lowercased()
        if Self.feminine.contains(noun) { return .feminine }
        // Plurals have the gender of their singular.
        if noun.hasSuffix("s"), Self.feminine.contains(String(noun.dropLast())) { return .feminine }
        if Self.masculine.contains(noun) { return .masculine }
        let singular = noun.hasSuffix("s") ? String(noun.dropLast()) : noun
        return singular.count > 4 && Self.feminineEndings.contains { singular.hasSuffix($0) } ? .feminine : .masculine
    }

    /// Endings of which grammars say that their nouns are feminine, with few exceptions: those listed below.
    private static let feminineEndings = [
        "tion", "sion", "xion", "aison", "ance", "ence", "ette", "esse", "ure", "ude", "ade", "aine", "onne", "elle",
        "enne",
        "ise", "ille", "euse", "trice", "ière", "ée", "té", "tié", "ie", "otte", "ouche", "ine", "che", "ave", "ppe",
        "tte",
        "lle", "sse",
    ]

    private static let masculine: Set<String> = words(
        """
        été côté comité pâté traité musée lycée trophée silence grade stade domaine capitaine magazine modèle cimetière
        incendie génie foie parapluie magasin mur problème système programme thème poème téléphone livre verre mètre
        kilomètre litre gramme centre ticket signe article message ménage étage garage fromage voyage nuage village visage
        âge orage passage mariage dommage groupe type code mode service exercice office chiffre nombre titre arbre ordre
        membre monde geste reste texte poste minuteur appareil murmure dé café thé canapé marché quai pneu lieu feu jeu
        cercle oncle siècle spectacle miracle obstacle véhicule article muscle manque disque risque moustique pique-nique
        grille-pain squelette quelque parking intervalle vaudeville mille gorille beurre dictionnaire anniversaire
        laboratoire territoire conservatoire interrogatoire répertoire accessoire réfectoire sommaire salaire square
        espace palace commerce sacrifice bénéfice dentifrice édifice precipice caprice délice vice indice cadre
        athlète poète squelette interprète rêve élève fleuve costume volume légume parfum album maximum minimum
        """)

    private static let feminine: Set<String> = words(
        """
        fois heure minute seconde semaine nuit main fin clé clef porte fenêtre lampe chambre table chaise tasse personne
        page image plage cage nage rage photo radio télé mer eau peau voix noix croix souris fourmi part mort dent forêt
        loi foi paroi vis cour tour tomate pomme poire carotte pizza crème bière banane feuille goutte tranche pièce place
        rue école classe lettre carte liste note tâche alarme alerte étape règle question réponse prise pompe app appli mise
        vidéo saison chanson leçon raison maison boisson façon rançon moisson femme fille mère sœur soeur tante reine
        douche ampoule cuisine salle zone cave ville tonne couleur chaleur fleur odeur peur valeur vapeur
        hauteur largeur longueur profondeur lueur erreur faveur humeur rumeur sueur douleur vitesse piste
        machine usine farine cuillère cuiller assiette fourchette bouteille boîte brosse brique barre balle bague banque
        barbe bombe bouche bourse branche cabane caisse cellule chaîne cible clinique cloche coupe course dame danse date
        dose écharpe épaule équipe étoile fête ferme feuille flamme flèche force forme foule gare glace gomme graine grippe
        guerre guitare herbe histoire idée île jambe jupe lame langue larme ligne lune marche marque masse mémoire messe
        mine montre musique ombre oreille orange page paille paire panne pause pêche peine pelle perle phrase pierre pile
        plante pluie plume poche pointe poule poudre poupée preuve prune puce recette roue route ruche sauce scène semelle
        serviette somme sorte soupe source tempête tente terre tête toile trace trousse usine vache valise vague veste viande
        vie vigne vitre voile voiture zone unité température dizaine douzaine quinzaine centaine vingtaine trentaine
        lessive livraison facture commande caméra application notification sonnerie batterie console tablette souris
        """)

    private static func words(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}
