/** What plausible data is made of. */
export const givenNames =
  'Ada Amir Ana Bao Carla Chen Dario Elif Emma Farah Felix Grace Hana Ivan Jonas Kofi Lena Liam Maya Mei Nora Omar Priya Rosa Sofia Tariq Tom Uma Yusuf Zoe'.split(
    ' ',
  );
export const familyNames =
  'Abebe Andersson Bauer Chowdhury Costa Diaz Dubois Eriksen Fischer Garcia Haddad Ito Jansen Kim Kowalski Lopez Mbeki Moreau Nguyen Okafor Park Patel Rossi Santos Schmidt Silva Smith Tanaka Wang Yilmaz'.split(
    ' ',
  );
export const cities =
  'Accra Bergen Berlin Bogota Cairo Chennai Dakar Delhi Hanoi Lagos Lima Lisbon London Lyon Madrid Milan Mumbai Nairobi Osaka Oslo Paris Porto Prague Quito Rome Seoul Sydney Tokyo Turin Vienna'.split(
    ' ',
  );
export const countries =
  'AR AU BR CA CH CN CO DE EG ES FR GB GH IN IT JP KE KR NG NO PE PT US VN ZA'.split(' ');
export const words =
  'amber bright calm cedar clear cloud coral crisp delta dune early ember field fern flint forest frost garden gentle glass grain harbor hazel hill island ivory lake lantern leaf light maple meadow mint moss north oak ocean olive pearl pine plain quiet rain reed ridge river rose sage shore silver slate snow stone sun tide timber vale warm willow wind'.split(
    ' ',
  );
