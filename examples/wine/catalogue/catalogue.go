// Package catalogue is the wines of the example: what was measured of 178
// real ones, under names that are made up.
//
// The measurements are the Wine data set of the UCI Machine Learning
// Repository (M. Forina et al., PARVUS, 1988; Creative Commons Attribution
// 4.0). It names its three cultivars by number alone and no bottle at all:
// estates, places, vintages, prices and stocks are of a seeded die.
package catalogue

import (
	_ "embed"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

//go:embed wine.csv
var measured string

// Size is how many wines there are, Attributes how much was measured of each.
const (
	Size       = 178
	Attributes = 13
)

// Wine is one of the catalogue.
type Wine struct {
	ID      string // w001 to w178, in the order of the data set
	Estate  string
	Grape   string
	Place   string
	Vintage int
	Cents   int // the price
	Stock   int // bottles that the shop begins with

	Cultivar int                 // 0, 1, 2, as in the data set
	Measured [Attributes]float64 // in its units and its order
	Standard [Attributes]float64 // the same in standard deviations from the mean of all
}

// Grapes of the cultivars. The data set has numbers; what grew where it was
// measured were these three.
var Grapes = [3]string{"Nebbiolo", "Grignolino", "Barbera"}

var (
	places = [3][]string{
		{"La Morra", "Serralunga", "Monforte", "Verduno", "Novello", "Castiglione", "Barolo", "Roddi"},
		{"Portacomaro", "Casorzo", "Vignale", "Grazzano", "Moncalvo", "Olivola", "Rosignano", "Scurzolengo"},
		{"Nizza", "Costigliole", "Agliano", "Vinchio", "Castelnuovo", "Mombercelli", "Rocchetta", "Calosso"},
	}
	houses = []string{"Cascina", "Tenuta", "Podere", "Cantina", "Fratelli", "Poderi", "Vigna", "Casa"}
	names  = []string{
		"Alvaro", "Bricco", "Corvara", "Dolcedo", "Ermina", "Fontana", "Giralda", "Isolabella", "Lanzavecchia", "Mirafiore",
		"Nervina", "Ottavia", "Pietralba", "Querceto", "Rondine", "Solaria", "Tramonto", "Ussara", "Valdora", "Zaffira",
		"Altamura", "Bellorizzonte", "Campoverde", "Damiani", "Estivale", "Falconera", "Grandinata", "Levante", "Montelupo", "Nottola",
		"Oreste", "Pavona", "Roccaforte", "Sambuco", "Torrenera", "Umbriana", "Ventosa", "Settecolli", "Arcangela", "Buonarroti",
		"Cornelia", "Fiordaliso", "Ginestra", "Lupara", "Maggiorana", "Ombrosa", "Primavera", "Sorgente", "Tartufaia", "Vespera",
		"Allodola", "Beccaccia", "Ciliegia", "Donnafiore", "Fenice", "Gazzella", "Lucciola", "Marasca", "Passerina", "Ruscello",
	}
)

// All returns the wines in the order of their ids. It reads the data set
// anew, which takes about a millisecond.
func All() []Wine {
	die := rand.New(rand.NewPCG(1988, 178))
	lines := strings.Split(strings.TrimSpace(measured), "\n")[1:]
	if len(lines) != Size {
		panic("catalogue: wine.csv has not the 178 wines of the data set")
	}
	wines := make([]Wine, Size)
	nth := [3]int{}
	for i, line := range lines {
		w := &wines[i]
		w.ID = "w" + strconv.Itoa(1001 + i)[1:]
		w.read(line)
		n := nth[w.Cultivar]
		nth[w.Cultivar]++
		estate := n % len(names) // of each estate at most two wines of a grape
		w.Estate = houses[estate%len(houses)] + " " + names[estate]
		w.Grape = Grapes[w.Cultivar]
		w.Place = places[w.Cultivar][die.IntN(len(places[w.Cultivar]))]
		w.Vintage = 2012 + n%7 + n/len(names)
		w.Stock = []int{0, 1, 2, 3, 6, 6, 12, 12, 18, 24}[die.IntN(10)]
	}
	standardise(wines)
	for i := range wines {
		s := &wines[i].Standard
		wines[i].Cents = 100*int(math.Round(14+4*max(-2, min(3, s[0]+s[12]))+3*float64(2-wines[i].Cultivar))) - 10
	}
	return wines
}

// read reads a line of the data set: the measurements, then the cultivar.
func (w *Wine) read(line string) {
	fields := strings.Split(strings.TrimSpace(line), ",")
	for j := range Attributes {
		x, err := strconv.ParseFloat(fields[j], 64)
		if err != nil {
			panic("catalogue: wine.csv: " + err.Error())
		}
		w.Measured[j] = x
	}
	w.Cultivar = int(fields[Attributes][0] - '0')
}

// standardise fills Standard. Sums are in the order of the wines, and products
// are rounded before they are added, so that every machine gets the same bits.
func standardise(wines []Wine) {
	n := float64(len(wines))
	for j := range Attributes {
		sum := 0.0
		for i := range wines {
			sum += wines[i].Measured[j]
		}
		mean, squares := sum/n, 0.0
		for i := range wines {
			d := wines[i].Measured[j] - mean
			squares += float64(d * d)
		}
		deviation := math.Sqrt(squares / n)
		for i := range wines {
			wines[i].Standard[j] = (wines[i].Measured[j] - mean) / deviation
		}
	}
}
